"""Workers on the machines of a Ray cluster: jobs go out to them, and results come back, each exactly once.

Each worker is a Ray actor (https://docs.ray.io) bound to its machine; what it had to do when its machine was
lost goes to the others at once. Ray Data is not used: the whole list of photos would go into it at once, and
it needs pandas and pyarrow, whose versions TensorFlow 2.15 narrows down.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any, Generic, NamedTuple, TypeVar

from aesthkeras.errors import UsageError
from aesthkeras.monitoring.progress import say

_JOBS_AHEAD = 2  # of each worker: one at work, and one waiting so that it need not ask
_ATTEMPTS = 5  # a job whose workers died so often kills them
_LOOK_AROUND = 5.0  # seconds between two looks for machines that came or went
# not by Ray: a lost job goes to another worker at once
_WITHOUT_RETRIES = {"max_restarts": 0, "max_task_retries": 0}

_Job = TypeVar("_Job")
_Result = TypeVar("_Result")


class Slot(NamedTuple):
    """The place of one worker.

    Attributes:
        node: Ray's name of the machine.
        host: the machine's address.
        number: which of the workers there, from 0.
        cores: processor cores that Ray keeps for it.
        gpus: 0 or 1.
    """

    node: str
    host: str
    number: int
    cores: int
    gpus: int


def loaded_ray() -> Any:
    """Ray, without its types: mypy sees those only where it is installed."""
    importlib.import_module("ray.util.scheduling_strategies")
    return importlib.import_module("ray")


class Cluster:
    """The cluster that this process has joined.

    Args:
        threads: of each worker, on whatever machine, as the last bits of a score depend on them; a worker
            without a GPU takes so many cores, as far as its machine has them.
    """

    def __init__(self, threads: int) -> None:
        self._threads = threads

    def spread(
        self, make: Callable[[], Callable[[_Job], _Result]], jobs: Iterable[_Job], use_gpus: bool = False
    ) -> Iterator[tuple[int, _Result]]:
        """Yield (place of the job, result), in the order in which jobs are done.

        What a lost worker had begun, others do. Machines that join get work, too.

        Args:
            make: called once by each worker, in the working folder of this process, makes the function that
                does a job. It and the jobs are pickled; no bare text in a job, but bytes, for names.
            jobs: taken as workers become free.
            use_gpus: whether a machine with GPUs has one worker for each of them.

        Raises:
            UsageError: the first that a job or `make` raises; or no worker stays alive.
        """
        crew = _Crew(make, lambda: self._slots(use_gpus), self._threads)
        try:
            yield from crew.results(jobs)
        finally:
            crew.dismiss()

    def _slots(self, use_gpus: bool) -> list[Slot]:
        """The places of workers on the machines that are alive."""
        slots = []
        for node in loaded_ray().nodes():
            cores = int(node["Resources"].get("CPU", 0)) if node["Alive"] else 0
            if cores == 0:
                continue
            gpus = int(node["Resources"].get("GPU", 0)) if use_gpus else 0
            count = gpus or max(1, cores // self._threads)
            for number in range(count):
                place = (node["NodeID"], node["NodeManagerAddress"], number)
                slots.append(Slot(*place, cores // count, 1 if gpus else 0))
        return slots


class _Worker:
    """What runs in a process of its own on some machine, as a Ray actor."""

    def __init__(self, threads: int, gpus: int, folder: str) -> None:
        # before TensorFlow is imported, which `begin` does when its argument is unpickled
        for name in ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
            os.environ[name] = str(threads)
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
        if not gpus:
            os.environ["CUDA_VISIBLE_DEVICES"] = ""
        with contextlib.suppress(OSError):  # absolute paths are seen all the same
            os.chdir(folder)

    def begin(self, make: Callable[[], Callable[[Any], Any]]) -> None:
        self._work = make()

    def work(self, job: Any) -> Any:
        return self._work(job)


class _Task(NamedTuple):
    """What a worker has been asked: a job, by its place, or with place -1 to begin."""

    slot: Slot
    place: int
    job: Any


class _Crew(Generic[_Job, _Result]):
    """One worker in each slot, and what each of them has been asked."""

    def __init__(
        self, make: Callable[[], Callable[[_Job], _Result]], slots: Callable[[], list[Slot]], threads: int
    ) -> None:
        self._ray, self._slots, self._threads = loaded_ray(), slots, threads
        self._make = self._ray.put(make)
        self._actor = self._ray.remote(**_WITHOUT_RETRIES)(_Worker)
        self._workers: dict[Slot, Any] = {}
        self._ready: set[Slot] = set()
        self._asked: dict[Any, _Task] = {}
        self._again: deque[tuple[int, _Job]] = deque()
        self._losses: Counter[int | Slot] = Counter()
        self._looked = -_LOOK_AROUND

    def results(self, jobs: Iterable[_Job]) -> Iterator[tuple[int, _Result]]:
        """Yield the results of all jobs as they come."""
        left = enumerate(jobs)
        self._again.extend(islice(left, 1))  # without a job no worker starts
        while self._again or any(task.place >= 0 for task in self._asked.values()):
            self._look_around()
            for slot in self._free():
                if not self._again:
                    self._again.extend(islice(left, 1))
                if self._again:
                    self._ask(slot, *self._again.popleft())
            done, _ = self._ray.wait(list(self._asked), timeout=_LOOK_AROUND)
            for reference in done:
                yield from self._answer(reference)
            if not self._again:
                self._again.extend(islice(left, 1))

    def dismiss(self) -> None:
        """End all workers."""
        for slot in list(self._workers):
            self._end(slot)

    def _look_around(self) -> None:
        """Start a worker in each slot that has none."""
        now = time.monotonic()
        if self._workers and now - self._looked < _LOOK_AROUND:
            return
        self._looked = now
        slots = [slot for slot in self._slots() if self._losses[slot] < _ATTEMPTS]
        if not slots and not self._workers:
            raise UsageError("engine=ray: expected a machine with a free core, on which workers stay alive")
        for slot in slots:
            if slot not in self._workers:
                self._start(slot)

    def _start(self, slot: Slot) -> None:
        there = self._ray.util.scheduling_strategies.NodeAffinitySchedulingStrategy(slot.node, soft=False)
        worker = self._actor.options(
            num_cpus=slot.cores,
            num_gpus=slot.gpus,
            scheduling_strategy=there,
        ).remote(self._threads, slot.gpus, os.getcwd())
        self._workers[slot] = worker
        self._asked[worker.begin.remote(self._make)] = _Task(slot, -1, None)

    def _free(self) -> Iterator[Slot]:
        """The workers that can be asked more, those with the least to do first."""
        load = Counter(task.slot for task in self._asked.values())
        for ahead in range(_JOBS_AHEAD):
            yield from (slot for slot in self._ready if load[slot] <= ahead)

    def _ask(self, slot: Slot, place: int, job: _Job) -> None:
        self._asked[self._workers[slot].work.remote(job)] = _Task(slot, place, job)

    def _answer(self, reference: Any) -> Iterator[tuple[int, _Result]]:
        """Take one answer: a result, the news that a worker is ready, or that it is lost."""
        if reference not in self._asked:
            return  # it was asked of a worker that has been lost since
        slot, place, _ = self._asked[reference]
        try:
            result = self._ray.get(reference)
        except self._ray.exceptions.RayTaskError as error:
            if isinstance(error.cause, (UsageError, OSError)):
                raise error.cause from None
            raise  # with the worker's traceback
        except self._ray.exceptions.RayError:
            self._lose(slot)
            return
        del self._asked[reference]
        if place < 0:
            self._ready.add(slot)
        else:
            self._losses.pop(slot, None)
            yield place, result

    def _lose(self, slot: Slot) -> None:
        """Give what the lost worker was asked to others."""
        self._end(slot)
        self._losses[slot] += 1
        lost = {reference: task for reference, task in self._asked.items() if task.slot == slot}
        for reference, task in lost.items():
            del self._asked[reference]
            if task.place < 0:
                continue
            self._losses[task.place] += 1
            if self._losses[task.place] >= _ATTEMPTS:
                raise UsageError(
                    f"engine=ray: {_ATTEMPTS} workers died of the same job: {str(task.job)[:200]}"
                )
            self._again.append((task.place, task.job))
        say(f"a worker on {slot.host} is lost; the others do its work")

    def _end(self, slot: Slot) -> None:
        self._ready.discard(slot)
        with contextlib.suppress(self._ray.exceptions.RayError, ValueError):
            self._ray.kill(self._workers.pop(slot))
