// How one photo looks: its picture under the heat map, and what is said of it.
function element(kind, classes, text) {
  const made = document.createElement(kind);
  if (classes) made.className = classes;
  if (text !== undefined) made.textContent = text;
  return made;
}

const percent = share => `${100 * share}%`;
const seems = fault => fault === "nothing" ? "nothing seems wrong" : `seems ${fault}`;

// The photo with its heat map over the square that the network saw.
function picture(row, wellAspect, source, onFallback) {
  const box = element("div", "picture");
  box.style.aspectRatio = `${row.width} / ${row.height}`;
  if (row.width / row.height > wellAspect) box.classList.add("wide");
  const photo = element("img");
  photo.alt = "";
  photo.decoding = "async";
  const thumbnail = "data:image/jpeg;base64," + row.thumbnail;
  photo.onerror = () => { photo.onerror = null; photo.src = thumbnail; if (onFallback) onFallback(); };
  photo.src = source || thumbnail;
  const heat = element("img", "heat");
  heat.alt = "";
  heat.src = "data:image/png;base64," + row.heat;
  const {width, height} = row;
  heat.style.left = percent((width - SQUARE) / 2 / width);
  heat.style.top = percent((height - SQUARE) / 2 / height);
  heat.style.width = percent(SQUARE / width);
  heat.style.height = percent(SQUARE / height);
  box.append(photo, heat);
  return box;
}

function meter(share) {
  const whole = element("div", "meter");
  const part = element("i");
  part.style.width = percent(share);
  whole.append(part);
  return whole;
}

function missing(row) {
  return row.error ? `Could not be read: ${row.error}` : `No picture: ${folder()}${row.lost} is missing`;
}

// What a screen reader says of a card.
function label(photo) {
  const words = [readable(photo.name)];
  if (photo.score === null) words.push("could not be read");
  else {
    words.push(`score ${photo.score.toFixed(3)}`);
    if (photo.fault) words.push(seems(photo.fault));
  }
  if (photo.mark) words.push(photo.mark);
  if (photo.group) words.push(burstWords(photo));
  return words.join(", ");
}

async function fill(card, photo) {
  const row = await detailsOf(photo);
  const parts = [];
  if (row.error || row.lost) {
    parts.push(element("div", "refused", missing(row)));
  } else {
    const well = element("div", "well");
    well.append(picture(row, card.clientWidth / 178));
    parts.push(well);
  }
  const words = element("div", "words");
  if (!row.error) {
    if (typeof photo.rating === "number") words.append(element("span", "rating quiet", `rating ${photo.rating.toFixed(2)}`));
    words.append(element("b", "", photo.score.toFixed(3)), meter(photo.score));
    if (photo.fault) {
      const share = row.lost ? "" : ` (${Math.round(100 * row.faults[0][1])}%)`;
      words.append(element("div", photo.fault === "nothing" ? "quiet" : "wrong", seems(photo.fault) + share));
    }
  }
  const name = element("div", "name quiet");
  name.append(element("bdi", "", readable(photo.name)));
  name.title = readable(photo.path);
  words.append(name);
  card.prepend(...parts, words);
  if (!row.lost) card.classList.add("whole");
}

// Shows the mark and the burst on the photo's card, if it is drawn.
function paint(photo) {
  const card = photo.card;
  if (!card) return;
  card.classList.toggle("pick", photo.mark === "pick");
  card.classList.toggle("reject", photo.mark === "reject");
  card.setAttribute("aria-selected", beside.includes(photo));
  card.setAttribute("aria-label", label(photo));
  const badges = element("div", "badges");
  if (photo.mark) badges.append(element("span", `badge ${photo.mark}`, photo.mark === "pick" ? "✓ pick" : "✕ reject"));
  if (photo.group) badges.append(element("span", "badge burst", burstWords(photo)));
  card.querySelector(".badges").replaceWith(badges);
}
