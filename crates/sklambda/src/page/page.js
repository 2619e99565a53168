"use strict";
/* What the file says enters the page as text alone (textContent), never as markup. */
(() => {
  const model = JSON.parse(document.getElementById("model").textContent);
  const $ = (id) => document.getElementById(id);
  const { form, features, width } = model.input;

  /** An element with properties, attributes and children. */
  function el(tag, props, ...children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(props || {})) {
      if (value === undefined || value === null) continue;
      if (name in node && !name.startsWith("aria")) node[name] = value;
      else node.setAttribute(name, value);
    }
    node.append(...children.filter((child) => child !== null && child !== undefined));
    return node;
  }

  const number = new Intl.NumberFormat("en", { maximumFractionDigits: 2 });
  const plural = (n, one, many) => `${number.format(n)} ${n === 1 ? one : many}`;
  const nameOf = (feature, i) => feature.name ?? `feature ${i}`;
  const show = (value) => (value === null ? "(missing)" : typeof value === "string" ? value : JSON.stringify(value));
  /** Digits that a reader wants; the raw answer has all of them. */
  const short = (x) => (typeof x === "number" && !Number.isInteger(x) ? String(Number(x.toPrecision(6))) : show(x));
  const size = (bytes) => (bytes < 1e3 ? `${bytes} bytes` : bytes < 1e6 ? `${number.format(bytes / 1e3)} kB` : `${number.format(bytes / 1e6)} MB`);

  /* Head */
  const leaf = (node) => {
    const last = node.children[node.children.length - 1];
    return last && node.layout === "serial" ? leaf(last) : node;
  };
  const outputs = model.classes && model.classes.every(Array.isArray) ? model.classes : null;
  const final = leaf(model.tree).class;
  $("title").textContent = model.class === final ? model.class : `${model.class} with ${final}`;
  document.title = `${final} · ${model.file.name}`;
  const chips = [model.file.name, model.sklearn_version && `scikit-learn ${model.sklearn_version}`];
  if (width !== null) chips.push(plural(width, "feature", "features"));
  if (form === "text") chips.push("text");
  if (outputs) chips.push(plural(outputs.length, "output", "outputs"));
  else if (model.classes) chips.push(plural(model.classes.length, "class", "classes"));
  chips.push(size(model.file.bytes));
  $("facts").append(...chips.filter(Boolean).map((text) => el("li", { textContent: text })));

  /* Diagram */
  function params(node) {
    const body = el("div", { className: "body" });
    if (node.columns) {
      const shown = node.columns.slice(0, 60);
      const more = node.columns.length - shown.length;
      body.append(el("p", { className: "columns", textContent: `Columns: ${shown.join(", ")}${more ? ` and ${more} more` : ""}` }));
    }
    const rows = [...node.params].sort((a, b) => b.changed - a.changed);
    if (!rows.length) body.append(el("p", { className: "key", textContent: "No parameters" }));
    else {
      const table = el("table", {});
      for (const { name, value, changed } of rows) {
        const row = table.insertRow();
        row.className = changed ? "changed" : "";
        row.append(el("th", { scope: "row", textContent: name }), el("td", { textContent: value }));
      }
      body.append(el("div", { className: "scroll" }, table));
      if (rows.some((row) => row.changed)) body.append(el("p", { className: "key", textContent: "Highlighted: not the default" }));
    }
    return body;
  }
  function box(node, named) {
    const title = el("span", {}, el("b", { textContent: node.class }));
    if (named && node.name) title.append(el("span", { className: "as", textContent: node.name }));
    if (!node.params.length && !node.columns) return el("div", { className: "node plain" }, title);
    return el("details", { className: "node" }, el("summary", {}, title), params(node));
  }
  function draw(node, named) {
    if (!node.children.length) return box(node, named);
    const inner = el("div", { className: node.layout === "parallel" ? "parallel" : "serial" });
    for (const child of node.children) {
      if (node.layout !== "parallel") {
        inner.append(draw(child, true));
        continue;
      }
      const label = el("div", { className: "label" }, el("b", { textContent: child.name ?? "" }));
      if (child.columns) {
        const shown = child.columns.slice(0, 3).join(", ");
        label.append(child.columns.length > 3 ? `${shown}, … (${child.columns.length})` : shown);
      }
      inner.append(el("div", { className: "branch" }, label, draw(child, false)));
    }
    return el("div", { className: "box" }, box(node, named), inner);
  }
  const branches = (node) => node.children.reduce((most, child) => Math.max(most, branches(child)), node.layout === "parallel" ? node.children.length : 1);
  if (branches(model.tree) > 3) document.body.classList.add("wide");
  $("diagram").append(el("div", { className: "tree" }, draw(model.tree, false)));
  $("unfold").addEventListener("click", () => {
    const open = $("unfold").getAttribute("aria-pressed") !== "true";
    $("unfold").setAttribute("aria-pressed", open);
    for (const node of $("diagram").querySelectorAll("details")) node.open = open;
  });
  const steps = $("diagram").querySelectorAll("details.node");
  if (steps.length === 1) steps[0].open = true;

  /* Features, classes, file */
  function about() {
    const place = el("div", { className: "about" });
    const part = (title, ...nodes) => place.append(el("div", {}, el("h3", { textContent: title }), ...nodes));
    const tags = (values) => {
      const list = el("ul", { className: "tags" }, ...values.slice(0, 200).map((value) => el("li", { textContent: show(value) })));
      if (values.length > 200) list.append(el("li", { textContent: `and ${values.length - 200} more` }));
      return list;
    };
    if (features.length && features.some((f) => f.name !== null)) {
      const kind = (f) => (f.categories ? f.categories.slice(0, 12).map(show).join(", ") + (f.categories.length > 12 ? ", …" : "") : f.kind);
      const rows = features.slice(0, 500).map((f, i) => el("tr", {}, el("th", { scope: "row", textContent: nameOf(f, i) }), el("td", { textContent: kind(f) })));
      part("Features", el("div", { className: "rows" }, el("table", {}, el("tbody", {}, ...rows))));
    }
    if (outputs) outputs.forEach((classes, i) => part(`Classes of output ${i}`, tags(classes)));
    else if (model.classes) part("Classes", tags(model.classes));
    part("Methods", tags(model.methods));
    const facts = [["Name", model.file.name], ["Size", size(model.file.bytes)], ["SHA-256", model.file.sha256], ...(model.file.member ? [["Member", model.file.member]] : []), ["Written by", model.sklearn_version ? `scikit-learn ${model.sklearn_version}` : "an old scikit-learn"]];
    part("File", el("dl", {}, ...facts.flatMap(([name, value]) => [el("dt", { textContent: name }), el("dd", { textContent: value })])));
    $("details").append(place);
  }
  about();

  /* The form. Each field reads a value, or throws a Fault that is shown beside it. */
  class Fault extends Error {}
  const WIDE = 24;
  let next = 0;
  function field(label, control, read, write) {
    const id = `f${next++}`;
    const fault = el("p", { className: "fault", id: `${id}-fault`, hidden: true });
    control.id = id;
    control.setAttribute("aria-describedby", fault.id);
    const place = el("div", { className: "field" }, el("label", { htmlFor: id, textContent: label }), control, fault);
    const blame = (text) => {
      fault.hidden = !text;
      fault.textContent = text || "";
      if (text) control.setAttribute("aria-invalid", "true");
      else control.removeAttribute("aria-invalid");
    };
    const checked = () => {
      try {
        const value = read(control.value);
        blame("");
        return { value };
      } catch (e) {
        if (!(e instanceof Fault)) throw e;
        blame(e.message);
        return { fault: control };
      }
    };
    return { label, place, control, blame, read: checked, write: (value) => { control.value = write(value); } };
  }
  function parseNumber(text) {
    const word = text.trim();
    if (word === "" || /^(nan|null|none)$/i.test(word)) return null;
    const value = Number(word.includes(".") ? word : word.replace(",", "."));
    if (!Number.isFinite(value)) throw new Fault("A number is expected, such as 1.5; empty for a missing value");
    return value;
  }
  function fieldOf(feature, i) {
    const label = nameOf(feature, i);
    if (feature.kind === "category" || feature.kind === "boolean") {
      const values = feature.categories || [false, true];
      if (values.length <= 40) {
        const options = values.map((value, at) => el("option", { value: String(at), textContent: show(value) }));
        const at = (value) => String(Math.max(0, values.findIndex((other) => other === value)));
        return field(label, el("select", {}, ...options), (text) => values[Number(text)], at);
      }
      const id = `list${i}`;
      const known = el("datalist", { id }, ...values.map((value) => el("option", { value: show(value) })));
      const read = (text) => values.find((value) => show(value) === text) ?? text;
      const made = field(label, el("input", { type: "text", autocomplete: "off", list: undefined }), read, show);
      made.control.setAttribute("list", id);
      made.place.append(known);
      return made;
    }
    if (feature.kind === "text") {
      return field(label, el("textarea", { rows: 3 }), (text) => text, (value) => value);
    }
    const input = el("input", { type: "text", inputMode: "decimal", autocomplete: "off", className: "number", spellcheck: false });
    return field(label, input, parseNumber, (value) => (value === null ? "" : String(value)));
  }

  function rowOfNumbers() {
    const count = width ?? (Array.isArray(model.example.sample) ? model.example.sample.length : 0);
    const read = (text) => {
      const words = text.replace(/[[\]]/g, " ").trim().split(/[\s,;]+/).filter(Boolean);
      if (words.length !== count) throw new Fault(`${plural(words.length, "value", "values")}; the model takes ${number.format(count)}`);
      return words.map((word, i) => {
        const value = /^(nan|null|none)$/i.test(word) ? null : Number(word);
        if (value !== null && !Number.isFinite(value)) throw new Fault(`Value ${i} is no number: ${word.slice(0, 20)}`);
        return value;
      });
    };
    const area = el("textarea", { rows: 6, className: "data", spellcheck: false });
    const made = field(`A row of ${number.format(count)} numbers`, area, read, (row) => row.join(", "));
    const set = (row) => { made.write(row); area.dispatchEvent(new Event("input", { bubbles: true })); };
    const start = Array.isArray(model.example.sample) ? model.example.sample : Array(count).fill(0);
    const side = Math.sqrt(count);
    const picture = Number.isInteger(side) && side >= 7 && side <= 64;
    const most = Math.max(...start.filter((x) => x !== null));
    const top = most > 0 && most <= 1 ? 1 : side <= 8 ? 16 : 255;
    const random = () => set(start.map((x) => {
      const spread = Math.abs(x) || 1;
      return Number((x + (Math.random() * 2 - 1) * spread).toPrecision(3));
    }));
    const tools = el("div", { className: "tools" },
      el("button", { type: "button", textContent: "Example", onclick: () => set(start) }),
      el("button", { type: "button", textContent: "Random", onclick: random }),
      el("button", { type: "button", textContent: "Zeros", onclick: () => set(Array(count).fill(0)) }));
    made.place.append(el("p", { className: "muted", textContent: "Paste a row: values separated by commas, semicolons, spaces or line ends." }), tools);
    if (!picture) return made;

    /* A square number of values may be a picture: drawn on, it fills the row. */
    const canvas = el("canvas", { width: side, height: side, role: "img", "aria-label": `The row as a picture of ${side} by ${side}; the text holds the same` });
    const ink = el("input", { type: "text", inputMode: "decimal", value: String(top), id: "ink" });
    const paint = () => {
      let row;
      try { row = read(area.value); } catch { return; }
      const brush = canvas.getContext("2d");
      const image = brush.createImageData(side, side);
      const white = Math.max(Number(ink.value) || 1, ...row);
      row.forEach((x, i) => {
        const light = Math.max(0, Math.min(255, Math.round((255 * (x ?? 0)) / white)));
        image.data.set([light, light, light, 255], 4 * i);
      });
      brush.putImageData(image, 0, 0);
    };
    const dab = (event) => {
      if (!event.buttons) return;
      let row;
      try { row = read(area.value); } catch { row = Array(count).fill(0); }
      const frame = canvas.getBoundingClientRect();
      const [x, y] = [((event.clientX - frame.left) / frame.width) * side, ((event.clientY - frame.top) / frame.height) * side];
      const [full, radius] = [Number(ink.value) || 1, side / 14];
      for (let i = 0; i < count; i++) {
        const far = Math.hypot((i % side) + 0.5 - x, Math.floor(i / side) + 0.5 - y);
        const light = Math.round(full * Math.max(0, Math.min(1, radius + 0.7 - far)) * 100) / 100;
        if (light > (row[i] ?? 0)) row[i] = light;
      }
      set(row);
    };
    canvas.addEventListener("pointerdown", dab);
    canvas.addEventListener("pointermove", dab);
    area.addEventListener("input", paint);
    ink.addEventListener("input", paint);
    const write = made.write;
    made.write = (value) => { write(value); paint(); };
    const drawn = el("div", {}, el("div", { className: "label", textContent: "Draw here" }), canvas, el("div", { className: "field" }, el("label", { htmlFor: "ink", textContent: "Value of full ink" }), ink));
    made.place.className = "pixels";
    const text = el("div", {}, ...made.place.childNodes);
    drawn.style.flex = "0 0 auto";
    made.place.append(drawn, text);
    return made;
  }

  function freeSample() {
    const read = (text) => {
      try { return JSON.parse(text); } catch (e) { throw new Fault(`No JSON: ${e.message}`); }
    };
    return field("One sample as JSON", el("textarea", { rows: 6, className: "data", spellcheck: false }), read, (value) => JSON.stringify(value, null, 1));
  }

  /** Fields, and how their values make a sample and come from one. */
  function inputs() {
    const sample = model.example.sample;
    const keys = sample && typeof sample === "object" && !Array.isArray(sample) ? Object.keys(sample) : null;
    const many = (list, make, take) => ({ fields: list, make, take });
    if (form === "text") {
      const one = field("Text", el("textarea", { rows: 5 }), (text) => text, (value) => value);
      return many([one], ([text]) => text, (text) => [text]);
    }
    if (form === "labels" && model.classes) {
      const one = fieldOf({ name: "Label", kind: "category", categories: model.classes }, 0);
      return many([one], ([value]) => value, (value) => [value]);
    }
    const numbers = features.every((f) => f.kind === "number");
    if (Array.isArray(sample) && form === "numbers" && numbers && sample.length > WIDE) {
      return many([rowOfNumbers()], ([row]) => row, (row) => [row]);
    }
    if (Array.isArray(sample) && sample.length <= 300) {
      const described = sample.map((value, i) => features[i] || { name: null, kind: typeof value === "number" ? "number" : "text" });
      return many(described.map(fieldOf), (values) => values, (row) => row);
    }
    if (keys && keys.length <= 300) {
      const described = keys.map((key) => features.find((f) => f.name === key) || { name: key, kind: typeof sample[key] === "number" ? "number" : "text" });
      return many(described.map(fieldOf), (values) => Object.fromEntries(keys.map((key, i) => [key, values[i]])), (record) => keys.map((key) => record[key]));
    }
    return many([freeSample()], ([value]) => value, (value) => [value]);
  }
  const entry = inputs();
  const rows = el("div", { className: entry.fields.length > 1 ? `grid${entry.fields.length > WIDE ? " tall" : ""}` : "" }, ...entry.fields.map((f) => f.place));
  if (rows.classList.contains("tall")) { rows.tabIndex = 0; rows.setAttribute("role", "group"); rows.setAttribute("aria-label", "Features"); }
  $("fields").append(rows);
  const fill = () => entry.take(model.example.sample).forEach((value, i) => entry.fields[i].write(value));
  fill();

  /* Methods */
  const NOT_OF_SAMPLES = ["get_feature_names_out", "inverse_transform", "staged_predict", "staged_predict_proba", "staged_decision_function"];
  const methods = model.methods.filter((name) => !NOT_OF_SAMPLES.includes(name));
  const together = methods.includes("predict") && methods.includes("predict_proba");
  const shown = methods.filter((name) => !(together && name === "predict_proba"));
  $("method").append(...shown.map((name) => el("option", { value: name, textContent: name === "predict" && together ? "predict, with probabilities" : name })));
  $("method-row").hidden = shown.length < 2;
  const method = () => $("method").value;
  const label = () => { $("ask").textContent = method() === "predict" || !method() ? "Predict" : method() === "transform" ? "Transform" : `Ask ${method()}`; };

  /* Requests: the Python toolkit's where it has the words for it, a bare list of samples with ?method= elsewhere. */
  const url = (path) => new URL(path, document.baseURI).href;
  function requests(sample) {
    const asked = method();
    if (asked === "predict" && form !== "table" && !outputs) {
      const body = { input: [sample] };
      if (together) body.return_probabilities = true;
      return [{ path: "predict", body, read: (answer) => ({ prediction: answer.prediction[0], probabilities: answer.probabilities && model.classes.map((c, i) => answer.probabilities[0][python(c)] ?? Object.values(answer.probabilities[0])[i]) }) }];
    }
    const bare = (name, key) => ({ path: name === "predict" ? "predict" : `predict?method=${name}`, body: [sample], read: (answer) => ({ [key]: first(answer[name], name) }) });
    if (asked === "predict") return [bare("predict", "prediction"), ...(together ? [bare("predict_proba", "probabilities")] : [])];
    return [bare(asked, "values")];
  }
  /** The row of one sample; probabilities of several outputs come as a list for each output. */
  const first = (values, name) => (outputs && name === "predict_proba" ? values.map((rows) => rows[0]) : values[0]);
  /** How the toolkit spells a class as a key. */
  const python = (value) => (value === true ? "True" : value === false ? "False" : value === null ? "None" : String(value));
  const quote = (text) => `'${text.replaceAll("'", "'\\''")}'`;
  const curl = (request) => `curl -s ${/[?&]/.test(request.path) ? quote(url(request.path)) : url(request.path)} \\\n  -H 'Content-Type: application/json' \\\n  -d ${quote(JSON.stringify(request.body))}`;

  function read() {
    const values = entry.fields.map((f) => f.read());
    const wrong = values.find((value) => value.fault);
    return wrong ? { fault: wrong.fault } : { sample: entry.make(values.map((value) => value.value)) };
  }
  function tell() {
    const { sample, fault } = read();
    if (fault) return null;
    const list = requests(sample);
    $("curl").textContent = list.map(curl).join("\n\n");
    return list;
  }

  /* Answers */
  const MOST_BARS = 12;
  function bars(classes, values, best) {
    const list = el("ul", { className: "bars" });
    let order = classes.map((_, i) => i);
    if (classes.length > MOST_BARS) order = order.sort((a, b) => values[b] - values[a]).slice(0, MOST_BARS);
    for (const i of order) {
      const value = values[i];
      const percent = value === null ? "missing" : `${(100 * value).toFixed(value > 0.9995 || value < 0.0005 ? 3 : 1)} %`;
      const fill = el("div", { className: "fill" });
      list.append(el("li", { className: i === best ? "best" : "" }, el("span", { className: "name", textContent: show(classes[i]), title: show(classes[i]) }), el("div", { className: "track", "aria-hidden": "true" }, fill), el("span", { className: "value", textContent: percent })));
      requestAnimationFrame(() => { fill.style.width = `${Math.max(0, Math.min(100, 100 * value))}%`; });
    }
    if (order.length < classes.length) list.append(el("li", { className: "muted", textContent: `and ${classes.length - order.length} more` }));
    return list;
  }
  const OUTLIERS = /IsolationForest|OneClassSVM|LocalOutlierFactor|EllipticEnvelope/;
  const CLUSTERS = /KMeans|Birch|MeanShift|AffinityPropagation|Mixture/;
  function verdict(value) {
    const line = el("div", { className: "verdict", textContent: short(value) });
    if (method() === "predict" && OUTLIERS.test(final)) line.append(" ", el("small", { textContent: value === -1 ? "outlier" : "inlier" }));
    if (method() === "predict" && CLUSTERS.test(final)) line.prepend(el("small", { textContent: "cluster " }));
    return line;
  }
  function table(values) {
    const flat = Array.isArray(values) ? values : [values];
    const pairs = flat.length && flat.every((v) => v && typeof v === "object" && !Array.isArray(v)) ? flat.flatMap(Object.entries) : flat.map((v, i) => [i, v]);
    const names = !outputs && model.classes && flat.length === model.classes.length && /proba|decision/.test(method()) ? model.classes : null;
    const rows = pairs.slice(0, 1000).map(([name, value]) => el("tr", {}, el("th", { scope: "row", textContent: names ? show(names[name]) : String(name) }), el("td", { className: "n", textContent: Array.isArray(value) ? value.map(short).join(", ") : short(value) })));
    if (pairs.length > 1000) rows.push(el("tr", {}, el("td", { colSpan: 2, textContent: `and ${pairs.length - 1000} more` })));
    const head = el("thead", {}, el("tr", {}, el("th", { scope: "col", textContent: names ? "class" : "column" }), el("th", { scope: "col", textContent: "value" })));
    return el("div", { className: "rows", tabIndex: 0, role: "group", "aria-label": "Values" }, el("table", {}, head, el("tbody", {}, ...rows)));
  }
  function result({ prediction, probabilities, values }) {
    const place = el("div", { className: "result" });
    if (prediction !== undefined && Array.isArray(prediction)) {
      prediction.forEach((value, i) => {
        place.append(el("h3", { textContent: `Output ${i}` }), verdict(value));
        if (outputs && probabilities) place.append(bars(outputs[i], probabilities[i], outputs[i].indexOf(value)));
      });
    } else if (prediction !== undefined) {
      place.append(verdict(prediction));
      const classes = model.classes;
      if (probabilities && classes) place.append(bars(classes, probabilities, classes.indexOf(prediction)));
    }
    if (values !== undefined) place.append(Array.isArray(values) && values.length > 1 ? table(values) : Array.isArray(values) && values.length === 1 && !Array.isArray(values[0]) ? verdict(values[0]) : Array.isArray(values) ? table(values) : verdict(values));
    return place;
  }
  function failed(text) {
    // A fault that names one field is shown there too.
    const named = entry.fields.filter((f) => f.label.length > 1 && text.includes(`'${f.label}'`));
    if (named.length === 1) named[0].blame("See the answer below");
    $("answer").replaceChildren(el("p", { className: "alert", role: "alert", textContent: text }));
    $("answer").dataset.state = "error";
  }

  /** JSON, with Python's NaN where a browser would refuse it. */
  function parse(text) {
    try { return JSON.parse(text); } catch { return JSON.parse(text.replace(/\b(NaN|-?Infinity)\b/g, "null")); }
  }
  let running = null;
  let quick = true;
  async function ask() {
    const list = tell();
    if (!list) {
      document.querySelector("[aria-invalid=true]")?.focus();
      return;
    }
    running?.abort();
    const control = (running = new AbortController());
    const started = performance.now();
    try {
      const parts = [];
      for (const { path, body, read } of list) {
        const response = await fetch(url(path), { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body), signal: control.signal });
        const text = await response.text();
        let answer;
        try { answer = parse(text); } catch { answer = null; }
        if (!response.ok || answer === null) throw new Fault((answer && (answer.error?.message ?? answer.error ?? answer.message)) || `The server answered ${response.status}`);
        parts.push({ text, seen: read(answer) });
      }
      const took = performance.now() - started;
      quick = took < 300;
      const place = result(Object.assign({}, ...parts.map((part) => part.seen)));
      place.append(el("details", {}, el("summary", { textContent: "The answer as it came" }), el("pre", { tabIndex: 0, textContent: parts.map((part) => part.text).join("\n\n") })));
      $("answer").replaceChildren(place);
      $("answer").dataset.state = "done";
      $("time").textContent = `answered in ${took < 10 ? took.toFixed(1) : Math.round(took)} ms`;
    } catch (e) {
      if (e.name === "AbortError") return;
      $("time").textContent = "";
      failed(e instanceof Fault ? e.message : `The server could not be asked: ${e.message}`);
    }
  }
  let timer = 0;
  function changed() {
    label();
    const list = tell();
    clearTimeout(timer);
    if (list && quick && model.example.answered) timer = setTimeout(ask, 250);
  }
  $("form").addEventListener("submit", (event) => { event.preventDefault(); clearTimeout(timer); ask(); });
  $("form").addEventListener("input", changed);
  $("reset").addEventListener("click", () => { fill(); changed(); });
  $("copy").addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText($("curl").textContent);
      $("copied").textContent = "Copied";
    } catch {
      getSelection().selectAllChildren($("curl"));
      $("copied").textContent = "Selected; copy it with the keyboard";
    }
    setTimeout(() => { $("copied").textContent = ""; }, 2500);
  });
  label();
  tell();
  if (!methods.length) {
    $("form").hidden = true;
    $("request").hidden = true;
    $("answer").append(el("p", { className: "muted", textContent: "This model has no method that takes new samples." }));
  } else if (model.example.answered) ask();
})();
