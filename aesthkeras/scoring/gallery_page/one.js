// One photo, large, with all that is known of it.
let open = 0;

async function show(position) {
  if (position < 0 || position >= found.length) return;
  open = position;
  const photo = found[position], row = await detailsOf(photo);
  if (open !== position) return;
  const large = document.querySelector(".large");
  large.replaceChildren();
  if (!of("dialog").open) of("dialog").showModal();
  bindMarks(of("dialog").querySelector(".marks"), photo);
  const small = element("p", "wrong", "This is its thumbnail: the browser cannot show the file itself, which was moved or is of a kind it does not know.");
  small.hidden = true;
  if (!row.error && !row.lost) {
    large.append(picture(row, large.clientWidth / large.clientHeight, row.shown, () => small.hidden = false));
  }
  of("dialog").querySelector(".text").replaceChildren(told(photo, row, small), faultTable(row));
  of("before").disabled = position === 0;
  of("after").disabled = position === found.length - 1;
}

function told(photo, row, small) {
  const said = element("div");
  said.append(element("div", "path", readable(photo.path)));
  if (row.error || row.lost) said.append(element("p", "wrong", missing(row)));
  if (row.error) return said;
  const score = element("p");
  score.append(element("b", "", `score ${photo.score.toFixed(4)}`));
  if (photo.rating !== null) score.append(`, rating ${photo.rating.toFixed(3)}`);
  said.append(score, meter(photo.score));
  const facts = [photo.pixels ? `${photo.width} × ${photo.height} pixels` : "", photo.taken.replace("T", " "),
    photo.group ? `${photo.best ? "the best" : "one"} of a burst of ${bursts.get(photo.group).length}` : "",
    row.readAs ? `scored: ${row.readAs}` : ""];
  if (facts.some(Boolean)) said.append(element("p", "quiet", facts.filter(Boolean).join(", ")));
  if (row.lost) return said;
  const link = element("a", "", "open the file");
  link.href = row.file;
  said.append(link, small);
  return said;
}

function faultTable(row) {
  const wrong = element("div");
  if (!row.faults || !row.faults.length) return wrong;
  const table = element("table");
  for (const [words, share] of row.faults) {
    const line = table.insertRow();
    line.insertCell().textContent = words;
    line.insertCell().textContent = `${Math.round(100 * share)}%`;
    line.insertCell().append(meter(share));
  }
  wrong.append(element("div", "quiet", "What seems wrong"), table);
  return wrong;
}

function oneKey(event) {
  if (isCommand(event) || event.target.matches("select")) return;
  if (event.key === "ArrowLeft") show(open - 1);
  if (event.key === "ArrowRight") show(open + 1);
  if (event.key.toLowerCase() === "h") switchHeat();
  if (markedBy(event, found[open]) && event.shiftKey) show(open + 1);
}
