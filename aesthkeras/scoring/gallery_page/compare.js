// Two to four photos side by side, at equal zoom and moved together.
const view = {zoom: 1, x: .5, y: .5}; // zoom 1 shows each whole; x and y are what stands in the middle, as shares
const NEAREST = 16, STEP = 1.25;
let panes = [];

async function compare() {
  if (beside.length < 2) { say("Choose two to four photos first: Space, or the box on a photo."); return; }
  const compared = beside, rows = await Promise.all(compared.map(detailsOf));
  if (of("compare").open) return;
  panes = compared.map((photo, number) => pane(photo, rows[number], number));
  of("panes").className = ["", "", "two", "three", "four"][panes.length];
  of("panes").replaceChildren(...panes.map(each => each.box));
  Object.assign(view, {zoom: 1, x: .5, y: .5});
  of("compare").showModal();
  panes[0].box.focus();
  arrange();
}

function pane(photo, row, number) {
  const box = of("pane").content.cloneNode(true).firstChild, caption = box.querySelector(".caption");
  box.setAttribute("aria-label", `Photo ${number + 1}: ${label(photo)}`);
  caption.querySelector(".path").textContent = readable(photo.name);
  caption.querySelector(".path").title = readable(photo.path);
  caption.querySelector("b").textContent = photo.score === null ? "" : photo.score.toFixed(3);
  bindMarks(caption.querySelector(".marks"), photo);
  if (row.error || row.lost) {
    box.prepend(element("div", "refused", missing(row)));
    return {box, photo};
  }
  const shown = picture(row, 0, row.shown, () => caption.querySelector(".wrong").hidden = false);
  shown.classList.remove("wide");
  box.prepend(shown);
  return {box, photo, shown, aspect: row.width / row.height};
}

// The room that a pane leaves its photo, and the size at which the photo is whole in it.
function fit({box, aspect}) {
  const wide = box.clientWidth, high = box.clientHeight - box.querySelector(".caption").offsetHeight;
  return {wide, high, width: Math.min(wide, high * aspect), height: Math.min(high, wide / aspect)};
}

// What stands in the middle, kept so that no edge of the photo leaves the edge of its room without need.
function middle(share, size, room) {
  const half = room / 2 / size;
  return half >= .5 ? .5 : Math.min(Math.max(share, half), 1 - half);
}

function arrange() {
  view.zoom = Math.min(Math.max(view.zoom, 1), NEAREST);
  view.x = Math.min(Math.max(view.x, 0), 1);
  view.y = Math.min(Math.max(view.y, 0), 1);
  for (const each of panes.filter(each => each.shown)) {
    const {wide, high, width, height} = fit(each), style = each.shown.style;
    style.width = `${width * view.zoom}px`;
    style.height = `${height * view.zoom}px`;
    style.left = `${wide / 2 - middle(view.x, width * view.zoom, wide) * width * view.zoom}px`;
    style.top = `${high / 2 - middle(view.y, height * view.zoom, high) * height * view.zoom}px`;
  }
  of("zoom").value = Math.log2(view.zoom);
  of("zoomed").textContent = `${Math.round(100 * view.zoom)}%`;
}

function zoomTo(zoom) {
  view.zoom = zoom;
  arrange();
}

// What lies under the pointer stays there.
function zoomAt(event, zoom) {
  const each = paneOf(event.target), size = each && each.shown && each.shown.getBoundingClientRect();
  if (!size || !size.width) { zoomTo(zoom); return; }
  const x = (event.clientX - size.left) / size.width, y = (event.clientY - size.top) / size.height;
  zoomTo(zoom);
  const now = each.shown.getBoundingClientRect();
  moveBy(event.clientX - (now.left + x * now.width), event.clientY - (now.top + y * now.height), each);
}

// At the first photo's own pixels: those of its file where it is shown, of the thumbnail where it is not.
function pixelForPixel() {
  const first = panes.find(each => each.shown);
  if (first) zoomTo(first.shown.firstChild.naturalWidth / devicePixelRatio / fit(first).width);
}

// Moves by pixels of the screen; a photo smaller than its room stays.
function moveBy(right, down, each = panes.find(each => each.shown)) {
  if (!each || !each.shown) return;
  const {wide, high, width, height} = fit(each);
  view.x = middle(view.x, width * view.zoom, wide) - right / (width * view.zoom);
  view.y = middle(view.y, height * view.zoom, high) - down / (height * view.zoom);
  view.x = middle(view.x, width * view.zoom, wide);
  view.y = middle(view.y, height * view.zoom, high);
  arrange();
}

// Fingers and the mouse: one moves, two zoom.
const held = new Map();
function moved(event) {
  const last = held.get(event.pointerId);
  if (!last) return;
  const before = spread();
  held.set(event.pointerId, event);
  if (held.size > 1) zoomAt(event, view.zoom * (spread() / before || 1));
  moveBy((event.clientX - last.clientX) / held.size, (event.clientY - last.clientY) / held.size, paneOf(event.target));
}

function spread() {
  const [one, other] = [...held.values()];
  return other ? Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY) : 0;
}

const paneOf = target => panes.find(each => each.box.contains(target));

function watchPanes() {
  const all = of("panes");
  all.addEventListener("pointerdown", event => {
    if (event.target.closest(".caption")) return;
    held.set(event.pointerId, event);
    paneOf(event.target).box.setPointerCapture(event.pointerId);
  });
  all.addEventListener("pointermove", moved);
  for (const end of ["pointerup", "pointercancel"]) all.addEventListener(end, event => held.delete(event.pointerId));
  all.addEventListener("dragstart", event => event.preventDefault());
  all.addEventListener("wheel", event => {
    event.preventDefault();
    zoomAt(event, view.zoom * Math.exp(-event.deltaY / 500)); // a notch of a wheel is 100, a trackpad gives less at once
  }, {passive: false});
  new ResizeObserver(arrange).observe(all);
  of("zoom").addEventListener("input", () => zoomTo(2 ** of("zoom").value));
  of("whole").onclick = () => zoomTo(1);
  of("pixels").onclick = pixelForPixel;
  of("compare").addEventListener("keydown", compareKey);
  of("compare").addEventListener("close", () => { panes = []; of("panes").replaceChildren(); focusOn(current); });
}

function compareKey(event) {
  if (isCommand(event)) return;
  const each = paneOf(event.target);
  if (each && markedBy(event, each.photo)) return;
  const step = 60;
  const does = {
    "+": () => zoomTo(view.zoom * STEP), "=": () => zoomTo(view.zoom * STEP), "-": () => zoomTo(view.zoom / STEP),
    0: () => zoomTo(1), 1: pixelForPixel, h: () => switchHeat(),
    ...(each && {ArrowLeft: () => moveBy(step, 0), ArrowRight: () => moveBy(-step, 0),
      ArrowUp: () => moveBy(0, step), ArrowDown: () => moveBy(0, -step)}),
  }[event.key.length > 1 ? event.key : event.key.toLowerCase()];
  if (!does) return;
  does();
  event.preventDefault();
}
