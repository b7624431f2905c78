"use strict";
// The lists of the page: filtered, sorted, a few hundred rows at a time. Every text reaches the page as text: nothing here makes markup.
(() => {
  const STEP = 200;
  const byId = (id) => document.getElementById(id);
  const plain = new Intl.NumberFormat("en-US");
  const order = new Intl.Collator("en", { numeric: true, sensitivity: "base" }).compare;

  const made = (name, text, kind) => {
    const element = document.createElement(name);
    if (text !== undefined) element.textContent = text;
    if (kind) element.className = kind;
    return element;
  };
  const isolated = (parent, text) => {
    parent.append(made("bdi", text));
    return parent;
  };

  // A text that was told before stands in the data as its number.
  const read = (name) => {
    const data = JSON.parse(byId(name).textContent);
    const texts = [];
    const untold = (value) => {
      if (typeof value === "string") {
        texts.push(value);
        return value;
      }
      return typeof value === "number" ? texts[value] : value.map(untold);
    };
    data.rows = data.rows.map(untold);
    return data;
  };

  // What a row says in all its cells, in small letters; made when it is first asked for.
  const sayer = (rows) => {
    const said = new Array(rows.length);
    return (place) => (said[place] ??= rows[place].flat(2).join("\n").toLowerCase());
  };

  class List {
    constructor(table, more, data, cell, details) {
      Object.assign(this, { table, more, data, cell, details, sorted: -1, way: 1, end: 0 });
      this.says = sayer(data.rows);
      this.places = this.all = data.rows.map((_, place) => place);
      this.body = table.tBodies[0];
      this.head();
      more.addEventListener("click", () => {
        const first = this.end;
        this.draw(this.end + STEP);
        const row = this.body.querySelector(`[data-at="${first}"]`);
        (row?.querySelector("button") ?? more).focus();
      });
    }

    head() {
      const row = made("tr");
      if (this.details) row.append(made("th"));
      this.data.columns.forEach(([key, title], column) => {
        const name = made("th", undefined, `c-${key}`);
        const button = made("button", title, "sort");
        button.type = "button";
        button.addEventListener("click", () => this.sort(column));
        name.scope = "col";
        name.append(button);
        row.append(name);
      });
      this.table.tHead.replaceChildren(row);
      this.names = [...row.children].slice(this.details ? 1 : 0);
    }

    sort(column) {
      this.way = this.sorted === column ? -this.way : 1;
      this.sorted = column;
      this.names.forEach((name, place) => {
        if (place === column) name.setAttribute("aria-sort", this.way > 0 ? "ascending" : "descending");
        else name.removeAttribute("aria-sort");
      });
      const rows = this.data.rows;
      this.all = rows.map((_, place) => place);
      this.all.sort((a, b) => this.way * order(rows[a][column], rows[b][column]) || a - b);
      this.keep(this.wanted);
    }

    keep(wanted) {
      this.wanted = wanted;
      this.places = wanted ? this.all.filter(wanted) : this.all;
      this.body.replaceChildren();
      this.end = 0;
      this.draw(STEP);
    }

    draw(until) {
      const stop = Math.min(until, this.places.length);
      const rows = document.createDocumentFragment();
      for (; this.end < stop; this.end++) rows.append(this.row(this.places[this.end], this.end));
      this.body.append(rows);
      const left = this.places.length - this.end;
      this.more.hidden = left === 0;
      this.more.textContent = `Show ${plain.format(Math.min(left, STEP))} more of ${plain.format(left)}`;
    }

    row(place, at) {
      const values = this.data.rows[place];
      const row = made("tr");
      row.dataset.at = at;
      if (this.details) row.append(this.opener(row, values));
      this.data.columns.forEach(([key, title], column) => {
        const cell = this.cell(key, values[column]);
        cell.classList.add(`c-${key}`);
        cell.dataset.name = title;
        if (!values[column]) cell.classList.add("empty");
        row.append(cell);
      });
      return row;
    }

    opener(row, values) {
      const cell = made("td", undefined, "open");
      const button = made("button");
      button.type = "button";
      button.setAttribute("aria-expanded", "false");
      button.setAttribute("aria-label", `Details of ${values[0]}`);
      button.addEventListener("click", () => {
        const isOpen = button.getAttribute("aria-expanded") === "true";
        button.setAttribute("aria-expanded", String(!isOpen));
        if (isOpen) row.nextElementSibling.remove();
        else row.after(this.details(values));
      });
      cell.append(button);
      return cell;
    }
  }

  const servers = read("data-servers");
  const width = servers.columns.length;

  const cellOfServer = (key, text) => {
    if (key === "status") {
      const cell = made("td");
      cell.append(made("span", text, `status ${text}`));
      return cell;
    }
    return isolated(made("td"), text);
  };

  const pairs = (titles, values) => {
    const list = made("dl", undefined, "pairs");
    titles.forEach((title, place) => {
      if (!values[place]) return;
      const pair = made("div");
      pair.append(isolated(made("dt"), title), isolated(made("dd"), values[place]));
      list.append(pair);
    });
    return list;
  };

  const detailsOfServer = (values) => {
    const [cells, trace, attempts] = values.slice(width);
    const row = made("tr", undefined, "details");
    const cell = made("td");
    cell.colSpan = width + 1;
    cell.append(made("h3", "As planned"), pairs(servers.headers, cells), made("h3", "Provenance"), pairs(servers.trace, trace));
    cell.append(made("h3", attempts.length ? "Requests" : "No request was sent."));
    for (const attempt of attempts) cell.append(pairs(servers.attempts, attempt));
    row.append(cell);
    return row;
  };

  const list = new List(byId("list"), byId("more"), servers, cellOfServer, detailsOfServer);
  const find = byId("q");
  const chips = [...document.querySelectorAll(".chip")];
  const count = byId("count");

  // The night's lists, where there was a night: what is found among the servers is found there, too.
  const others = ["tasks", "actions"].filter(byId).map(
    (name) => new List(byId(name), byId(`more-${name}`), read(`data-${name}`), (_, text) => isolated(made("td"), text), null),
  );

  const apply = () => {
    const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
    const chosen = new Set(chips.filter((chip) => chip.getAttribute("aria-pressed") === "true").map((chip) => chip.dataset.status));
    const wanted = (place) =>
      (!chosen.size || chosen.has(servers.rows[place][1])) && words.every((word) => list.says(place).includes(word));
    list.keep(words.length || chosen.size ? wanted : null);
    for (const other of others) {
      other.keep(words.length ? (place) => words.every((word) => other.says(place).includes(word)) : null);
    }
    const [shown, all] = [list.places.length, servers.rows.length].map((number) => plain.format(number));
    count.textContent = shown === all ? `${all} servers` : `${shown} of ${all} servers`;
  };

  let waiting = 0;
  find.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(apply, 80);
  });
  find.form.addEventListener("submit", (event) => {
    event.preventDefault();
    apply();
  });
  for (const chip of chips) {
    chip.addEventListener("click", () => {
      chip.setAttribute("aria-pressed", String(chip.getAttribute("aria-pressed") !== "true"));
      apply();
    });
  }
  document.addEventListener("keydown", (event) => {
    const isTyping = event.target instanceof HTMLInputElement;
    if (event.key === "/" && !isTyping && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      find.focus();
      find.select();
    } else if (event.key === "Escape" && event.target === find) {
      find.value = "";
      apply();
    }
  });
  apply();

  const lists = [list, ...others];
  if (byId("found")) {
    const cellOfFinding = (key, text) => {
      if (key !== "severity") return isolated(made("td"), text);
      const cell = made("td");
      cell.append(made("span", text, `status ${text}`));
      return cell;
    };
    const found = new List(byId("found"), byId("more-found"), read("data-findings"), cellOfFinding, null);
    found.keep(null);
    lists.push(found);
  }
  // On paper stands what the filter leaves, all of it.
  addEventListener("beforeprint", () => lists.forEach((each) => each.draw(Infinity)));
})();
