"use strict";
// The list of servers, filtered and sorted, and the page's refresh. Every text reaches the page as text: nothing here makes markup.
// What is looked for, shown and sorted by stands in the address (#...), so that a refresh, or a second screen, has it again.
(() => {
  const STEP = 100;
  const byId = (id) => document.getElementById(id);
  const data = JSON.parse(byId("data").textContent);
  const [LABEL, ID, STANDING, TONE, STATE, PROGRESS, DOING, SPEED, ENDS, ENDS_TEXT, EXPECTED, EXPECTED_TEXT, LATE, TODO] =
    Array.from({ length: 14 }, (_, place) => place);
  const RANK = ["failed", "gone", "late", "no task", "unknown", "waiting for us", "waiting for SMS", "running", "syncing", "done"];
  const order = new Intl.Collator("en", { numeric: true, sensitivity: "base" }).compare;
  const figures = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

  const made = (name, text, kind) => {
    const element = document.createElement(name);
    if (text !== undefined) element.textContent = text;
    if (kind) element.className = kind;
    return element;
  };

  // -- what is wanted, kept in the address
  const asked = new URLSearchParams(location.hash.slice(1));
  const wanted = {
    q: asked.get("q") ?? "",
    only: new Set((asked.get("only") ?? "").split(",").filter(Boolean)),
    by: asked.get("by") ?? "",
    way: asked.get("way") === "down" ? -1 : 1,
  };
  const keep = () => {
    const said = new URLSearchParams();
    if (wanted.q) said.set("q", wanted.q);
    if (wanted.only.size) said.set("only", [...wanted.only].join(","));
    if (wanted.by) said.set("by", wanted.by);
    if (wanted.way < 0) said.set("way", "down");
    history.replaceState(null, "", `#${said}`);
  };

  // -- rows
  const rank = (row) => RANK.indexOf(row[LATE] && !["failed", "gone"].includes(row[STANDING]) ? "late" : row[STANDING]);
  const last = Number.POSITIVE_INFINITY;
  const KEYS = {
    server: (row) => row[LABEL],
    standing: rank,
    progress: (row) => row[PROGRESS],
    doing: (row) => row[DOING],
    speed: (row) => row[SPEED] ?? -1,
    ends: (row) => row[ENDS] ?? last,
    forecast: (row) => row[EXPECTED] ?? last,
    todo: (row) => row[TODO],
  };
  const compare = (first, second) => {
    const key = KEYS[wanted.by];
    // Unsorted: what needs somebody first, then what ends last.
    if (!key) return rank(first) - rank(second) || (second[ENDS] ?? 0) - (first[ENDS] ?? 0) || order(first[LABEL], second[LABEL]);
    const [one, other] = [key(first), key(second)];
    return wanted.way * (typeof one === "string" ? order(one, other) : one - other) || order(first[LABEL], second[LABEL]);
  };
  const says = (row) => `${row[LABEL]}\n${row[ID]}\n${row[STANDING]}\n${row[STATE]}\n${row[DOING]}\n${row[TODO]}`.toLowerCase();
  const fits = (row) => {
    const isOnly = !wanted.only.size || wanted.only.has(row[STANDING]) || (row[LATE] && wanted.only.has("late"));
    return isOnly && wanted.q.toLowerCase().split(/\s+/).every((word) => says(row).includes(word));
  };

  const CELLS = {
    server: (cell, row) => cell.append(made("bdi", row[LABEL])),
    standing: (cell, row) => {
      cell.append(made("span", row[STANDING], `mark ${row[TONE]}`));
      if (["unknown", "waiting for SMS"].includes(row[STANDING])) cell.append(" ", made("bdi", row[STATE], "quiet"));
    },
    progress: (cell, row) => {
      if (row[STANDING] === "no task") return;
      const share = made("span", undefined, "share");
      const filled = made("i");
      filled.style.width = `${row[PROGRESS]}%`;
      share.append(filled);
      cell.append(share, `${figures.format(row[PROGRESS])}%`);
    },
    doing: (cell, row) => cell.append(row[DOING]),
    speed: (cell, row) => cell.append(row[SPEED] === null ? "" : figures.format(row[SPEED])),
    ends: (cell, row) => {
      cell.append(row[ENDS_TEXT]);
      if (row[LATE]) cell.append(" ", made("span", `${row[LATE]} late`, "late"));
    },
    forecast: (cell, row) => cell.append(row[EXPECTED_TEXT]),
    todo: (cell, row) => cell.append(made("bdi", row[TODO])),
  };

  // -- the list
  const table = byId("list");
  const more = byId("more");
  const names = [];
  let places = [];
  let end = 0;
  const head = made("tr");
  data.columns.forEach(([key, title]) => {
    const name = made("th", undefined, `c-${key}`);
    const sort = made("button", title, "sort");
    sort.type = "button";
    sort.id = `by-${key}`;
    name.scope = "col";
    sort.addEventListener("click", () => {
      if (wanted.by !== key) [wanted.by, wanted.way] = [key, 1];
      else if (wanted.way > 0) wanted.way = -1;
      else [wanted.by, wanted.way] = ["", 1];
      show();
    });
    name.append(sort);
    head.append(name);
    names.push([key, title, name]);
  });
  table.tHead.append(head);

  const drawn = (row) => {
    const line = made("tr", undefined, row[TONE]);
    for (const [key, title] of names) {
      const cell = made("td", undefined, `c-${key}`);
      cell.dataset.name = title;
      CELLS[key](cell, row);
      if (!cell.hasChildNodes() || !cell.textContent) cell.classList.add("empty");
      line.append(cell);
    }
    return line;
  };
  const draw = (to) => {
    const lines = places.slice(end, to).map(drawn);
    table.tBodies[0].append(...lines);
    end = Math.min(to, places.length);
    more.hidden = end >= places.length;
    byId("count").textContent = `${figures.format(places.length)} of ${figures.format(data.rows.length)} servers`;
  };
  const show = () => {
    keep();
    for (const [key, , name] of names) {
      if (wanted.by === key) name.setAttribute("aria-sort", wanted.way > 0 ? "ascending" : "descending");
      else name.removeAttribute("aria-sort");
    }
    places = data.rows.filter(fits).sort(compare);
    table.tBodies[0].replaceChildren();
    end = 0;
    draw(STEP);
  };
  more.addEventListener("click", () => {
    draw(end + STEP);
  });

  const find = byId("q");
  find.value = wanted.q;
  find.addEventListener("input", () => {
    wanted.q = find.value.trim();
    touched = Date.now();
    show();
  });
  find.form.addEventListener("submit", (event) => event.preventDefault());
  for (const chip of document.querySelectorAll(".chip")) {
    const press = () => chip.setAttribute("aria-pressed", String(wanted.only.has(chip.dataset.standing)));
    chip.id = `only-${chip.dataset.standing.replaceAll(" ", "-")}`;
    press();
    chip.addEventListener("click", () => {
      const { standing } = chip.dataset;
      if (!wanted.only.delete(standing)) wanted.only.add(standing);
      press();
      show();
    });
  }
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && document.activeElement !== find && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      find.focus();
    } else if (event.key === "Escape") {
      find.value = wanted.q = "";
      wanted.only.clear();
      document.querySelectorAll(".chip").forEach((chip) => chip.setAttribute("aria-pressed", "false"));
      show();
    }
  });

  // -- the refresh: the page as it is by then, with the same focus; not while somebody types
  let touched = 0;
  const age = byId("age");
  const tell = () => {
    const seconds = Math.max(0, Date.now() / 1000 - data.at);
    const text = seconds < 90 ? `${Math.round(seconds)} s` : `${figures.format(seconds / 60)} min`;
    const isStale = seconds > 3 * data.refresh + 60;
    age.textContent = isStale ? ` ${text} ago: nobody looks any more` : `, ${text} ago`;
    age.className = isStale ? "stale" : "";
  };
  const refresh = () => {
    if (Date.now() - touched < 5000) return;
    try {
      sessionStorage.setItem("focus", document.activeElement?.id ?? "");
    } catch {
      // A browser that keeps nothing of a file loses the focus, nothing else.
    }
    location.reload();
  };
  show();
  tell();
  setInterval(tell, 1000);
  setInterval(refresh, Math.max(5, Math.min(data.refresh, 30)) * 1000);
  try {
    const focused = sessionStorage.getItem("focus");
    sessionStorage.removeItem("focus");
    if (focused) byId(focused)?.focus({ preventScroll: true });
  } catch {
    // As above.
  }
})();
