// What the page does when it opens.
function addFaults() {
  const counts = new Map();
  for (const {fault} of photos) if (fault) counts.set(fault, (counts.get(fault) || 0) + 1);
  for (const [fault, count] of [...counts].sort((one, other) => other[1] - one[1])) {
    of("fault").add(new Option(`${fault} (${count.toLocaleString("en")})`, fault));
  }
  const unreadable = photos.reduce((count, {score}) => count + (score === null), 0);
  if (unreadable) of("fault").add(new Option(`could not be read (${unreadable.toLocaleString("en")})`, "!"));
}

// Only what is known of some photo can be its order.
function addOrders() {
  for (const [order, [words, value]] of Object.entries(ORDERS)) {
    if (order === "best" || order === "worst" || photos.some(photo => value(photo) !== null)) of("order").add(new Option(words, order));
  }
}

function addBursts() {
  for (const photo of photos) {
    if (!photo.group) continue;
    if (!bursts.has(photo.group)) bursts.set(photo.group, []);
    bursts.get(photo.group).push(photo);
  }
  of("folding").hidden = !bursts.size;
}

function addHistogram() {
  const bins = new Array(40).fill(0);
  for (const {score} of photos) if (score !== null) bins[Math.min(39, Math.floor(40 * score))]++;
  const most = bins.reduce((a, b) => Math.max(a, b), 1);
  for (const count of bins) {
    const bar = element("i");
    bar.style.height = percent(count / most);
    of("histogram").append(bar);
  }
}

function switchHeat() {
  const hot = document.body.classList.toggle("hot");
  for (const tick of document.querySelectorAll(".switch")) tick.checked = hot;
  for (const legend of document.querySelectorAll(".legend")) legend.hidden = !hot;
}

function watchFilters() {
  for (const id of ["name", "low", "high"]) of(id).addEventListener("input", filter);
  for (const id of ["fault", "marked", "order", "fold"]) of(id).addEventListener("change", filter);
  of("threshold").addEventListener("input", () => { of("low").value = of("threshold").value; filter(); });
  for (const tick of document.querySelectorAll(".switch")) tick.addEventListener("change", switchHeat);
  of("beside").onclick = compare;
  of("marks").onclick = () => { tally(); say(""); of("menu").showModal(); };
  of("keys").onclick = () => of("help").showModal();
  of("taken").addEventListener("change", tally);
  for (const button of document.querySelectorAll("[data-export]")) button.onclick = () => takeOut(button.dataset.export);
  of("clear").onclick = unmarkAll;
  of("photos").addEventListener("keydown", gridKey);
  of("photos").addEventListener("click", gridClick);
}

function watchDialogs() {
  for (const dialog of document.querySelectorAll("dialog")) {
    dialog.addEventListener("click", event => {
      const {left, right, top, bottom} = dialog.getBoundingClientRect(), {clientX: x, clientY: y} = event;
      if (event.target === dialog && (x < left || x > right || y < top || y > bottom)) dialog.close();
    });
    dialog.querySelector(".close").onclick = () => dialog.close();
  }
  of("before").onclick = () => show(open - 1);
  of("after").onclick = () => show(open + 1);
  of("dialog").addEventListener("keydown", oneKey);
  // back to the photo that was seen last, which may lie beyond the cards drawn so far
  of("dialog").addEventListener("close", () => focusOn(open));
  addEventListener("keydown", event => {
    if (event.key === "?" && !event.target.matches("[type=search], [type=number]") && !of("help").open) of("help").showModal();
  });
}

function sayWhatIsPrinted() {
  const printed = document.querySelectorAll(".card.whole").length, missing = found.length - printed;
  const chosen = found.length < photos.length ? `The filters leave ${found.length.toLocaleString("en")} of ${counted(photos.length, "photo")}. ` : "";
  of("printed").textContent = chosen + (missing ? `Printed are ${printed.toLocaleString("en")} of ${counted(found.length, "photo")}: ` +
    `the other ${missing.toLocaleString("en")} were not loaded. Scroll to the end of the page, then print.` : "");
}

function watchPrints() {
  addEventListener("beforeprint", async () => {
    // with files beside the page it would take too long: the print does not wait
    sayWhatIsPrinted();
    while (!SIDE && drawn < found.length) await drawMore();
    sayWhatIsPrinted();
  });
}

// Marks that another window with this page makes.
function watchMarks() {
  addEventListener("storage", () => {
    const before = photos.map(({mark}) => mark);
    readMarks();
    photos.forEach((photo, place) => { if (photo.mark !== before[place]) sayMark(photo); });
  });
}

function start() {
  addFaults();
  addOrders();
  addBursts();
  addHistogram();
  watchFilters();
  watchDialogs();
  watchPanes();
  watchPrints();
  watchMarks();
  if (photos.length !== PHOTOS) {
    notice(`The folder ${folder()}, which belongs beside this page and holds its scores and pictures, is missing or not ` +
      `whole: ${photos.length.toLocaleString("en")} of ${counted(PHOTOS, "photo")} found. Move it here again, or score once more.`);
  }
  readMarks();
  tally();
  filter();
}
start();
