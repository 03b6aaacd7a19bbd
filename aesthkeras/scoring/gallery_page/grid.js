// The grid: which photos, in which order, with bursts folded; arrow keys in it, and the choice of some for side by side.
const AT_ONCE = 60, MOST_BESIDE = 4;
const collator = new Intl.Collator("en", {numeric: true});

// The value by which an order goes, and whether it rises; photos without a value come last.
const ORDERS = {
  best: ["best first", photo => photo.score, -1],
  worst: ["worst first", photo => photo.score, 1],
  rating: ["highest rating first", photo => photo.rating, -1],
  rating_up: ["lowest rating first", photo => photo.rating, 1],
  name: ["name, A to Z", photo => photo.name, 1],
  name_down: ["name, Z to A", photo => photo.name, -1],
  newest: ["newest first", photo => photo.taken || null, -1],
  oldest: ["oldest first", photo => photo.taken || null, 1],
  largest: ["largest first", photo => photo.pixels, -1],
  smallest: ["smallest first", photo => photo.pixels, 1],
};

let found = [], drawn = 0, current = 0, beside = [];
const bursts = new Map(), unfolded = new Set();
const observer = new IntersectionObserver(entries => { if (entries[0].isIntersecting) drawMore(); }, {rootMargin: "1200px"});

function ordered(list, order) {
  const [, value, way] = ORDERS[order];
  const compared = (one, other) => typeof one === "string" ? collator.compare(one, other) : one - other;
  return list.sort((one, other) => {
    const a = value(one), b = value(other);
    if (a === null || b === null) return (a === null) - (b === null) || one.place - other.place;
    return way * compared(a, b) || one.place - other.place;
  });
}

function burstWords({group, best}) {
  const size = bursts.get(group).length;
  return of("fold").checked && !unfolded.has(group) ? `burst of ${size}` : best ? `best of ${size}` : `one of ${size}`;
}

// Of each burst its best only, or of those left the first; behind it the others of a burst that is unfolded.
function folded(list) {
  const left = new Map();
  for (const photo of list) {
    if (!photo.group) continue;
    if (!left.has(photo.group)) left.set(photo.group, []);
    left.get(photo.group).push(photo);
  }
  const top = members => members.find(photo => photo.best) || members[0];
  return list.flatMap(photo => {
    const members = left.get(photo.group);
    if (!members) return [photo];
    if (photo !== top(members)) return [];
    return unfolded.has(photo.group) ? [photo, ...members.filter(other => other !== photo)] : [photo];
  });
}

function toggleBurst(photo) {
  if (!photo.group || !of("fold").checked) return;
  if (!unfolded.delete(photo.group)) unfolded.add(photo.group);
  filter();
  focusOn(found.includes(photo) ? found.indexOf(photo) : found.findIndex(other => other.group === photo.group));
}

function wanted() {
  const name = of("name").value.trim().toLowerCase(), fault = of("fault").value, mark = of("marked").value;
  const low = Number(of("low").value || 0), high = Number(of("high").value || 1);
  const everyScore = low <= 0 && high >= 1;
  return photo => {
    if (photo.score === null ? !everyScore || (fault && fault !== "!") : photo.score < low || photo.score > high) return false;
    if (fault && photo.score !== null && photo.fault !== fault) return false;
    if (mark && !(mark === "none" ? !photo.mark : mark === "kept" ? photo.mark !== "reject" : photo.mark === mark)) return false;
    return !name || photo.path.toLowerCase().includes(name);
  };
}

function filter() {
  const low = Number(of("low").value || 0), high = Number(of("high").value || 1);
  for (const photo of found.slice(0, drawn)) photo.card = null;
  found = ordered(photos.filter(wanted()), of("order").value);
  const left = found.length;
  if (of("fold").checked) found = folded(found);
  of("photos").replaceChildren();
  drawn = current = 0;
  const hidden = left - found.length;
  of("count").textContent = `${left.toLocaleString("en")} of ${counted(photos.length, "photo")}` +
    (hidden ? `, ${hidden.toLocaleString("en")} of them folded` : "");
  of("threshold").value = low;
  of("threshold").setAttribute("aria-valuetext", `${low.toFixed(2)}, ${of("count").textContent}`);
  [...of("histogram").children].forEach((bar, bin, bars) =>
    bar.classList.toggle("in", (bin + .5) / bars.length >= low && (bin + .5) / bars.length <= high));
  drawMore();
}

function drawCard(position) {
  const card = element("li", "card"), photo = found[position];
  card.setAttribute("role", "option");
  card.setAttribute("aria-setsize", found.length);
  card.setAttribute("aria-posinset", position + 1);
  card.tabIndex = position === current ? 0 : -1;
  card.append(element("div", "badges"), element("span", "choose"));
  photo.card = card;
  paint(photo);
  of("photos").append(card);
  return fill(card, photo);
}

// Draws the next cards; the promise is kept when they are filled.
function drawMore() {
  const filled = [];
  const until = Math.min(drawn + AT_ONCE, found.length);
  for (; drawn < until; drawn++) filled.push(drawCard(drawn));
  observer.disconnect();
  // an observer tells changes only, and the end may still be in sight: observed anew it tells once more
  if (drawn < found.length) observer.observe(of("end"));
  return Promise.all(filled);
}

function focusOn(position) {
  if (!found.length) return;
  const next = Math.min(Math.max(position, 0), found.length - 1);
  while (drawn <= next) drawMore();
  of("photos").children[current].tabIndex = -1;
  current = next;
  const card = of("photos").children[current];
  card.tabIndex = 0;
  card.focus();
}

function choose(photo) {
  if (beside.includes(photo)) beside = beside.filter(other => other !== photo);
  else if (beside.length < MOST_BESIDE) beside = [...beside, photo];
  else say(`${MOST_BESIDE} photos are chosen, which is the most.`);
  paint(photo);
  of("beside").disabled = beside.length < 2;
  of("beside").textContent = beside.length ? `Side by side (${beside.length})` : "Side by side";
}

const columns = () => getComputedStyle(of("photos")).gridTemplateColumns.split(" ").length;

function gridKey(event) {
  const card = event.target.closest(".card");
  if (!card || isCommand(event)) return;
  focusOn([...of("photos").children].indexOf(card)); // a mouse may have brought the focus here
  const photo = found[current];
  if (markedBy(event, photo)) {
    if (event.shiftKey) focusOn(current + 1);
    event.preventDefault();
    return;
  }
  const lastRow = Math.floor((found.length - 1) / columns()) === Math.floor(current / columns());
  const does = {
    ArrowLeft: () => focusOn(current - 1),
    ArrowRight: () => focusOn(current + 1),
    ArrowUp: () => { if (current >= columns()) focusOn(current - columns()); },
    ArrowDown: () => { if (!lastRow) focusOn(current + columns()); },
    Home: () => focusOn(0),
    End: () => focusOn(drawn - 1),
    Enter: () => show(current),
    Escape: () => beside.forEach(choose),
    " ": () => choose(photo),
    b: () => toggleBurst(photo),
    c: () => compare(),
    h: () => switchHeat(),
  }[event.key.length > 1 ? event.key : event.key.toLowerCase()];
  if (!does) return;
  does();
  event.preventDefault();
}

function gridClick(event) {
  const card = event.target.closest(".card");
  if (!card) return;
  const position = [...of("photos").children].indexOf(card), photo = found[position];
  const choosing = event.target.closest(".choose") || event.ctrlKey || event.metaKey || event.shiftKey;
  if (event.target.closest(".burst") && of("fold").checked) toggleBurst(photo);
  else if (choosing) { choose(photo); focusOn(position); }
  else show(position);
}
