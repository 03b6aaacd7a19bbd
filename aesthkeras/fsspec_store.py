"""Files on stores that TensorFlow does not reach itself, through fsspec, which one of its packages serves."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, BinaryIO, NamedTuple

INSTALL_S3 = "expected the package s3fs for this store: pip install 'aesthkeras[s3]'"
_BUCKETS = ("s3", "s3a")  # have no folders, and s3fs would make a bucket whose name was mistyped


class FileStatus(NamedTuple):
    """What is known of a file: its length in bytes."""

    length: int


class FsspecFiles:
    """The functions of `tf.io.gfile` that this package uses, for one bucket or server.

    Paths are whole, with their scheme. Whatever a store's own package raises arrives as OSError.

    Args:
        root: the path up to its bucket or server.

    Raises:
        ImportError: the store's package is not installed, or fsspec itself.
        ValueError: fsspec knows no such scheme.
    """

    def __init__(self, root: str) -> None:
        import fsspec

        self._has_folders = root.partition("://")[0] not in _BUCKETS
        self._files: Any = fsspec.core.url_to_fs(root, use_listings_cache=False)[0]

    def exists(self, path: str) -> bool:
        """Whether a path is a file or a folder."""
        return self._info(path) is not None

    def isdir(self, path: str) -> bool:
        """Whether a path is a folder."""
        return (self._info(path) or {}).get("type") == "directory"

    def stat(self, path: str) -> FileStatus:
        """Return the length of a file; OSError where there is none, or the store does not say it."""
        length = (self._info(path) or {}).get("size")
        if length is None:
            raise FileNotFoundError(errno.ENOENT, "expected a file of known size", path)
        return FileStatus(int(length))

    def makedirs(self, path: str) -> None:
        """Make a folder and its parents; nothing in a store that has no folders."""
        if self._has_folders:
            with _plain_errors(path):
                self._files.makedirs(self._inner(path), exist_ok=True)

    def walk(self, folder: str) -> Iterator[tuple[str, list[str], list[str]]]:
        """Folder, names of its folders and names of its files, for `folder` and all below it."""
        inner = self._inner(folder)
        for place, folders, files in self._files.walk(inner):
            # a bucket's pages show a folder as an empty file without a name
            yield folder.rstrip("/") + place[len(inner) :], list(folders), [name for name in files if name]

    def rename(self, aside: str, path: str, overwrite: bool = False) -> None:
        """Give a file another name; `overwrite` replaces what had it."""
        if not overwrite and self.exists(path):
            raise FileExistsError(errno.EEXIST, "expected a name that is free", path)
        with _plain_errors(path):
            self._files.mv(self._inner(aside), self._inner(path))

    def remove(self, path: str) -> None:
        """Remove a file."""
        with _plain_errors(path):
            self._files.rm_file(self._inner(path))

    @contextmanager
    def GFile(self, path: str, mode: str) -> Iterator[BinaryIO]:  # noqa: N802  TensorFlow's name
        """Open a file to read (`rb`) or to write (`wb`) bytes."""
        with _plain_errors(path), self._files.open(self._inner(path), mode) as file:
            yield file

    def read_part(self, path: str, offset: int, length: int) -> bytes:
        """Return some bytes of a file, by one request; OSError where it is too short."""
        with _plain_errors(path):
            part: bytes = self._files.cat_file(self._inner(path), start=offset, end=offset + length)
        if len(part) != length:
            raise OSError(errno.EIO, f"expected {offset + length} bytes or more", path)
        return part

    def _info(self, path: str) -> dict[str, Any] | None:
        with _plain_errors(path):
            try:
                found: dict[str, Any] = self._files.info(self._inner(path))
            except FileNotFoundError:
                return None
            return found

    def _inner(self, path: str) -> str:
        """A path as the file system itself writes it."""
        inner: str = self._files._strip_protocol(path)
        return inner.rstrip("/")


def fsspec_files(path: str) -> FsspecFiles:
    """Return the files of the bucket or server in which a path lies; raises what `FsspecFiles` raises."""
    scheme, _, rest = path.partition("://")
    return _files_of(f"{scheme}://{rest.partition('/')[0]}")


def why_out_of_reach(path: str) -> str:
    """Return in some words why nothing reaches a path; empty where fsspec does."""
    try:
        fsspec_files(path)
    except ImportError as error:
        if path.partition("://")[0] in _BUCKETS:
            return INSTALL_S3
        return f"no such kind of store is installed ({_words(error)})"
    except ValueError:
        return "no such kind of store"
    except Exception as error:  # each store's package has its own
        return f"the store cannot be opened ({_words(error)})"
    return ""


@lru_cache(maxsize=16)  # one for all threads: fsspec itself would open one for each
def _files_of(root: str) -> FsspecFiles:
    return FsspecFiles(root)


@contextmanager
def _plain_errors(path: str) -> Iterator[None]:
    try:
        yield
    except OSError:
        raise
    except Exception as error:
        raise OSError(errno.EIO, _words(error), path) from error


def _words(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
