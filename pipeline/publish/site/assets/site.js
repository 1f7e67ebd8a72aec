/* The search, and the pages of centres and mesas. Data comes as scripts of this folder (`data/`,
   `search/`, `evidence/`), for a page that was opened from a disk may not fetch. Text is only ever set as text. */
(function () {
  "use strict";
  const MOST_HITS = 50;
  const root = document.body.dataset.root;
  const base = document.body.dataset.base;
  const loaded = new Map();
  const units = new Map();
  const indexes = new Map();
  const marks = new Map();
  let site;

  function load(path) {
    if (!loaded.has(path)) {
      loaded.set(path, new Promise(function (resolve, reject) {
        const script = document.createElement("script");
        script.src = root + path;
        script.onload = resolve;
        script.onerror = reject;
        document.head.append(script);
      }));
    }
    return loaded.get(path);
  }

  function say(key, figures) {
    return site.strings[key].replace(/\{(\w+)\}/g, (_, name) => figures[name]);
  }

  function number(value) {
    return String(value).replace(/\B(?=(\d{3})+$)/g, "\u202f");
  }

  /* Hundredths of a percent in whole numbers, as the other pages write them. */
  function share(part, whole) {
    if (!whole) return say("none");
    const parts = Math.floor((20000 * part + whole) / (2 * whole));
    let shown = Math.floor(parts / 100) + "." + String(parts % 100).padStart(2, "0") + "%";
    if (parts === 0 && part > 0) shown = "<0.01%";
    if (parts === 10000 && part < whole) shown = ">99.99%";
    return shown.replace(".", say("decimal"));
  }

  function make(tag, attributes, ...content) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes || {})) node.setAttribute(name, value);
    node.append(...content.filter((item) => item !== null && item !== undefined));
    return node;
  }

  function fold(text) {
    return text.normalize("NFD").replace(/[\u0300-\u036f]/g, "").toLowerCase();
  }

  function levelOf(code) {
    const level = site.levels.find((found) => found[1] === code.length);
    return level ? level[0] : "";
  }

  function linkTo(code) {
    if (site.pages.has(code)) return base + "places/" + code + ".html";
    const lowest = site.levels[site.levels.length - 1][1];
    return code.length === lowest ? base + "centre.html#" + code : null;
  }

  /* The search. */

  function wanted(query) {
    if (!/^\d/.test(query)) return site.tops;
    return site.tops.filter((top) => top.startsWith(query) || query.startsWith(top));
  }

  function matches(query) {
    const code = query.replace(/\s/g, "");
    const centre = code.split(site.separator)[0];
    const lowest = site.levels[site.levels.length - 1][1];
    const parts = fold(query).split(/\s+/).filter(Boolean);
    const found = [];
    for (const top of wanted(query)) {
      for (const row of indexes.get(top) || []) {
        const byCode = row[0].startsWith(code) || (centre.length === lowest && row[0] === centre);
        if (byCode || parts.every((part) => row[3].includes(part))) found.push(row);
      }
    }
    const rank = (row) => (row[3].startsWith(parts[0]) ? 0 : 1);
    return found.sort((a, b) =>
      b[2] - a[2] || rank(a) - rank(b) || a[0].length - b[0].length || (a[0] < b[0] ? -1 : 1));
  }

  function show(query, form, list, status) {
    const began = performance.now();
    const found = query.length < 2 ? [] : matches(query);
    list.replaceChildren(...found.slice(0, MOST_HITS).map(function (row) {
      const link = row[2] ? linkTo(row[0]) : null;
      const name = link ? make("a", { href: link }, row[1]) : make("span", {}, row[1]);
      const more = levelOf(row[0]) + " " + row[0] + (link ? "" : " · " + say("no_sheet"));
      return make("li", {}, name, make("span", { class: "code" }, " " + more));
    }));
    let told = "";
    if (query.length > 1) told = found.length ? say("hits", { n: number(found.length) }) : say("no_hits");
    if (found.length > MOST_HITS) told += "; " + say("hits_more", { n: MOST_HITS });
    status.textContent = told;
    form.dataset.milliseconds = performance.now() - began;
    form.dataset.query = query;
  }

  function search() {
    const form = document.getElementById("search");
    const input = document.getElementById("query");
    const list = document.getElementById("hits");
    const status = document.getElementById("search-status");
    async function answer() {
      const query = input.value.trim();
      try {
        if (query.length > 1) {
          const tops = wanted(query);
          if (tops.some((top) => !indexes.has(top))) status.textContent = say("loading");
          await Promise.all(tops.map((top) => load("search/" + top + ".js")));
        }
        if (query === input.value.trim()) show(query, form, list, status);
      } catch (error) {
        status.textContent = say("failed");
      }
    }
    form.hidden = false;
    input.addEventListener("input", answer);
    form.addEventListener("submit", function (event) {
      event.preventDefault();
      const first = list.querySelector("a");
      if (first) first.click();
    });
    if (input.value) answer();
  }

  /* A centre, or one of its mesas. */

  function table(caption, heads, rows, foot) {
    const cell = (value, index, tag) => {
      if (index === 0) return make("th", { scope: tag === "head" ? "col" : "row" }, value);
      return make(tag === "head" ? "th" : "td", tag === "head"
        ? { scope: "col", class: "number" } : { class: "number" }, value);
    };
    const line = (cells, tag) => make("tr", {}, ...cells.map((v, i) => cell(v, i, tag)));
    const region = make("div", { class: "scroll", role: "region", tabindex: "0", "aria-label": caption });
    region.append(make("table", {}, make("caption", {}, caption),
      make("thead", {}, line(heads, "head")),
      make("tbody", {}, ...rows.map((row) => line(row, "body"))),
      foot ? make("tfoot", {}, ...foot.map((row) => line(row, "foot"))) : null));
    return region;
  }

  function facts(pairs) {
    return make("dl", { class: "facts" },
      ...pairs.filter((pair) => pair[1] !== null && pair[1] !== undefined)
        .flatMap((pair) => [make("dt", {}, pair[0]), make("dd", {}, pair[1])]));
  }

  function sum(values) {
    return values.reduce((a, b) => a + b, 0);
  }

  function crumbs(unit, last) {
    const items = [make("li", {}, make("a", { href: base + "index.html" }, site.country))];
    for (const [code, name] of unit.above) {
      const link = linkTo(code);
      items.push(make("li", {}, link ? make("a", { href: link }, name) : name));
    }
    if (last) items.push(make("li", {}, last));
    return make("nav", { class: "crumbs", "aria-label": say("crumbs") }, make("ol", {}, ...items));
  }

  function countedScan(mesa) {
    return mesa.scans.find((scan) => scan.s === "counted" && scan.v);
  }

  function gradeName(scan) {
    return scan && scan.g && (site.grades[scan.g] || scan.g);
  }

  function centrePage(code, unit) {
    const shown = site.candidates.slice(0).sort(function (a, b) {
      const total = (c) => sum(unit.mesas[code].map((mesa) => votesOf(countedScan(mesa), c) || 0));
      return total(b) - total(a);
    }).slice(0, 3);
    const rows = unit.mesas[code].map(function (mesa) {
      const scan = countedScan(mesa);
      const some = (value) => (scan ? number(value) : say("none"));
      return [make("a", { href: "#" + mesa.m }, say("mesa") + " " + mesa.n), say("s_" + mesa.s),
        gradeName(scan) || say("none"),
        ...shown.map((c) => some(votesOf(scan, c))), some(scan ? sum(scan.v) : 0)];
    });
    return [crumbs(unit), table(say("mesas"),
      [say("mesa"), say("status"), say("grade"), ...shown.map((c) => c[0]), say("valid")], rows)];
  }

  function votesOf(scan, candidate) {
    return scan && sum(candidate[2].map((index) => scan.v[index]));
  }

  /* The numbers of one or several readings side by side: each candidate, then each of its lines. */
  function numbers(scans, show) {
    const several = scans.length > 1;
    const heads = [say("candidate")];
    scans.forEach(function (_, i) {
      heads.push(several ? say("version", { n: i + 1 }) : say("votes"));
    });
    if (!several) heads.push(say("share"));
    const sheet = several ? null : show;
    /* What readings disagree on stands out, also for who sees no colours. */
    const differ = (values) => values.some((value) => value !== values[0]);
    const told = (value) => make("span", { class: "differs" }, "\u2260 " + number(value));
    const line = (name, values, index) => several ? [name, ...values.map(differ(values) ? told : number)]
      : [name, sheet && index !== undefined ? rowButton(values[0], index, sheet) : number(values[0]),
        share(values[0], sum(scans[0].v))];
    const order = site.candidates.slice(0)
      .sort((a, b) => votesOf(scans[0], b) - votesOf(scans[0], a));
    const rows = [];
    for (const candidate of order) {
      const only = candidate[2].length > 1 ? undefined : candidate[2][0];
      rows.push(line(make("strong", {}, candidate[1] || candidate[0]),
        scans.map((s) => votesOf(s, candidate)), only));
      if (candidate[2].length > 1) {
        for (const index of candidate[2]) {
          rows.push(line(make("span", { class: "party" }, site.parties[index]),
            scans.map((s) => s.v[index]), index));
        }
      }
    }
    const end = (name, values) => [name, ...values.map(number), ...(several ? [] : [""])];
    return table(say("by_party"), heads, rows, [end(say("valid"), scans.map((s) => sum(s.v))),
      end(say("null"), scans.map((s) => s.z)), end(say("empty"), scans.map((s) => s.e))]);
  }

  /* The image of a sheet, and on it the rows that its numbers stand in. */

  function svg(tag, attributes, ...content) {
    const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    node.append(...content);
    return node;
  }

  function imageOf(scan) {
    return scan.h.slice(0, 2) + "/" + scan.h + (scan.pg ? "-" + scan.pg : "");
  }

  /* What a row of the sheet is called: its party and votes, or which total it is. */
  function rowName(kind, index, scan) {
    if (kind !== "votes") return site.strings["row_" + kind] || site.strings[kind];
    return site.parties[index] + (scan.v ? ": " + number(scan.v[index]) : "");
  }

  async function drawMarks(layer, scan) {
    const name = imageOf(scan);
    await load("evidence/" + name + ".js");
    const found = marks.get(name);
    if (!found || layer.childElementCount) return;
    const draw = (points, key, title) => points.length === 8 && layer.append(svg("polygon",
      { class: "mark", points: points.join(" "), "data-key": key }, svg("title", {}, title)));
    let position = 0;
    found.rows.forEach(function (points, i) {
      const kind = site.rows[i];
      const index = kind === "votes" ? position++ : null;
      draw(points, kind === "votes" ? index : kind, rowName(kind, index, scan));
    });
    draw(found.symbol, "symbol", say("row_symbol"));
    const middle = (axis) => (found.block[axis] + found.block[axis + 4]) / 2;
    layer.append(svg("text", { class: "painted", x: middle(0), y: middle(1) }, say("image_painted")));
  }

  async function seek(layer, scan, index) {
    try {
      await drawMarks(layer, scan);
    } catch (error) {
      return; // a folder that was copied in part: the image may still be there
    }
    layer.classList.remove("hidden");
    for (const mark of layer.querySelectorAll(".mark")) {
      const sought = mark.dataset.key === String(index);
      mark.classList.toggle("sought", sought);
      if (sought) mark.scrollIntoView({ block: "center" });
    }
  }

  function rowButton(votes, index, layer) {
    const button = make("button", { type: "button", class: "row",
      "aria-label": say("row", { n: number(votes) }) }, number(votes));
    button.addEventListener("click", () => seek(layer.layer, layer.scan, index));
    return button;
  }

  /* The figure of a scan's image, with the layer that its marks are drawn on; or why there is none. */
  function sheetImage(scan, mesa) {
    if (typeof scan.i === "string") {
      const why = site.withheld[scan.i] || scan.i;
      return { node: make("p", { class: "notice withheld" }, say("image_withheld", { why: why })) };
    }
    const [width, height] = scan.i;
    const path = root + "evidence/" + imageOf(scan) + ".webp";
    const layer = svg("svg", { viewBox: "0 0 " + width + " " + height, "aria-hidden": "true" });
    const image = make("img", { loading: "lazy", decoding: "async", width: width, height: height,
      alt: say("image_alt", { mesa: mesa.m }) });
    image.addEventListener("load", () => drawMarks(layer, scan).catch(() => undefined));
    image.addEventListener("error", () => image.parentNode.replaceChildren(say("failed")));
    image.src = path;
    const box = make("input", { type: "checkbox", checked: "" });
    box.addEventListener("change", () => layer.classList.toggle("hidden", !box.checked));
    return { scan: scan, layer: layer, node: make("figure", { class: "sheet" },
      make("figcaption", {}, say("file") + ": " + (scan.f || scan.h)),
      make("p", { class: "quiet" }, say("image_about")),
      make("label", {}, box, say("image_marks")),
      make("div", { class: "frame" }, image, layer),
      make("p", {}, make("a", { href: path }, say("image_open")))) };
  }

  function findings(scan) {
    if (!scan.x.length) return say("no_findings");
    return make("ul", {}, ...scan.x.map(([code, detail]) => make("li", {},
      (site.findings[code] || code) + " ", make("span", { class: "code" }, code),
      detail ? make("span", { lang: "en" }, ": " + detail) : null)));
  }

  function scanFacts(scan) {
    return facts([
      [say("file"), scan.f], [say("page"), scan.pg], [say("sha"), scan.h && make("code", {}, scan.h)],
      [say("status"), say("s_" + scan.s) + ": " + (site.status[scan.s] || "")],
      [say("grade"), scan.g && gradeName(scan) + ": " + (site.grade[scan.g] || "")],
      [say("acta"), scan.a],
      [say("payload"), scan.v && (scan.p ? make("code", {}, scan.p) : say("no_payload"))],
      [say("findings"), findings(scan)],
    ]);
  }

  function mesaPage(code, mesa, unit) {
    const counted = countedScan(mesa);
    const read = counted ? [counted] : mesa.scans.filter((scan) => scan.v);
    const told = facts([
      [say("status"), say("s_" + mesa.s)],
      [say("grade"), counted && counted.g && gradeName(counted) + ": " + (site.grade[counted.g] || "")],
      [say("registered"), mesa.r === null ? null : number(mesa.r)],
      [say("turnout"), counted && mesa.r ? share(sum(counted.v) + counted.z + counted.e, mesa.r) : null],
    ]);
    const back = make("a", { href: "#" + code }, unit.names[code]);
    const content = [crumbs(unit, back), told];
    const sheets = mesa.scans.filter((scan) => scan.i).map((scan) => sheetImage(scan, mesa));
    if (sheets.length) {
      const to = make("button", { type: "button", class: "row to-image" }, say("image"));
      to.addEventListener("click", () => document.getElementById("images").focus());
      content.push(to);
    }
    if (!mesa.l) content.push(make("p", { class: "quiet" }, say("not_listed")));
    if (read.length) {
      const shown = sheets.find((sheet) => sheet.scan === read[0] && sheet.layer);
      content.push(make("h2", {}, say(counted ? "sheet_numbers" : "versions")),
        numbers(read.slice(0, 6), shown));
    }
    content.push(make("h2", {}, say("scans")));
    if (mesa.scans.length) content.push(...mesa.scans.map(scanFacts));
    else content.push(make("p", {}, say("no_scans")));
    content.push(make("p", {}, make("a", { href: "#" + code }, say("all_mesas"))));
    if (!sheets.length) return content;
    const images = make("div", {}, make("h2", { id: "images", tabindex: "-1" }, say("image")),
      ...sheets.map((s) => s.node));
    return [content[0], make("div", { class: "mesa" }, make("div", {}, ...content.slice(1)), images)];
  }

  async function route(first) {
    const place = document.getElementById("centre");
    const key = decodeURIComponent(location.hash.slice(1));
    const other = document.getElementById("other");
    other.setAttribute("href", other.getAttribute("href").split("#")[0] + location.hash);
    if (!key || key === "main") return;
    const code = key.split(site.separator)[0];
    const shard = code.slice(0, site.levels[Math.max(0, site.levels.length - 2)][1]);
    let unit;
    try {
      if (/^\d+$/.test(code) && site.tops.some((top) => code.startsWith(top))) {
        await load("data/" + shard + ".js");
        unit = units.get(shard);
      }
    } catch (error) {
      unit = undefined; // no such unit; a folder that was copied in part looks the same
    }
    const mesas = unit && Object.hasOwn(unit.mesas, code) ? unit.mesas[code] : [];
    const mesa = mesas.find((found) => found.m === key);
    const heading = document.getElementById("centre-title");
    if (!mesas.length || (key !== code && !mesa)) {
      heading.textContent = site.strings.unknown.replace("{code}", key);
      place.replaceChildren();
      return;
    }
    heading.replaceChildren(unit.names[code], make("span", { class: "code" }, " " + key));
    if (mesa) heading.append(make("span", { class: "part" }, say("mesa") + " " + mesa.n));
    document.title = heading.textContent + " – " + site.title;
    place.replaceChildren(...(mesa ? mesaPage(code, mesa, unit) : centrePage(code, unit)));
    if (!first) {
      heading.focus();
      window.scrollTo(0, 0);
    }
  }

  window.actas = {
    start: function (given) {
      site = given;
      site.pages = new Set(given.pages);
      search();
      if (document.getElementById("centre")) {
        window.addEventListener("hashchange", () => route(false));
        route(true);
      }
    },
    unit: function (code, given) {
      units.set(code, given);
    },
    marks: function (name, given) {
      marks.set(name, given);
    },
    index: function (code, rows) {
      for (const row of rows) row.push(fold(row[1]));
      indexes.set(code, rows);
    },
  };
})();
