"use strict";
// The page reads without this: it adds a filter, a crosshair and zoom, copying, and opens for print what matters.
(() => {
  const all = (what, root) => Array.from((root || document).querySelectorAll(what));
  const make = (name, props) => Object.assign(document.createElement(name), props);

  // --- filter -------------------------------------------------------------------------------------------------------
  const form = document.getElementById("filter"), query = document.getElementById("q");
  const shown = document.getElementById("shown"), nothing = document.getElementById("nothing");
  const items = all(".item").map(el => ({el, text: el.textContent.toLowerCase(), verdict: el.dataset.v, finding: el.classList.contains("finding")}));
  const filter = () => {
    const words = query.value.toLowerCase().split(/\s+/).filter(Boolean);
    const verdicts = new Set(all("input[name=v]:checked", form).map(i => i.value));
    const boxes = new Set(all("input[name=v]", form).map(i => i.value));
    let n = 0, of = 0;
    for (const i of items) {
      const ok = words.every(w => i.text.includes(w)) && (verdicts.has(i.verdict) || !boxes.has(i.verdict));
      i.el.hidden = !ok;
      if (i.finding) { of++; n += ok; }
    }
    for (const box of all(".of")) box.hidden = !all(".finding", box).some(f => !f.hidden);
    nothing.hidden = n > 0 || of === 0;
    shown.textContent = n === of ? of + (of === 1 ? " finding" : " findings") : n + " of " + of + " findings";
  };
  form.hidden = false;
  form.addEventListener("input", filter);
  form.addEventListener("submit", e => e.preventDefault());
  addEventListener("keydown", e => {
    if (e.key === "/" && !/^(INPUT|TEXTAREA)$/.test(document.activeElement.tagName)) { e.preventDefault(); query.focus(); }
  });
  filter();

  // --- what a link points at is opened, and what holds it ------------------------------------------------------------
  const reveal = () => {
    let el = null;
    try { el = document.getElementById(decodeURIComponent(location.hash.slice(1))); } catch { return; }
    if (!el) return;
    for (let d = el; d; d = d.parentElement) if (d.tagName === "DETAILS") d.open = true;
    el.hidden = false;
    el.scrollIntoView();
  };
  addEventListener("hashchange", reveal);
  if (location.hash) reveal();

  // --- print shows what keeps scenarios from holding ----------------------------------------------------------------------------------------
  let opened = [];
  addEventListener("beforeprint", () => { opened = all(".finding:not([open]), .journey:not([open]), .run:not(.v-holds):not([open]), .run:not(.v-holds) .figures:not([open])"); for (const d of opened) d.open = true; });
  addEventListener("afterprint", () => { for (const d of opened) d.open = false; opened = []; });

  // --- copying -------------------------------------------------------------------------------------------------------
  for (const code of all("code.copy")) {
    const b = make("button", {type: "button", textContent: "copy"});
    b.addEventListener("click", () => {
      const range = document.createRange();
      range.selectNodeContents(code);
      getSelection().removeAllRanges();
      getSelection().addRange(range);
      const done = () => { b.textContent = "copied"; };
      if (navigator.clipboard) navigator.clipboard.writeText(code.textContent).then(done, () => { b.textContent = "selected"; });
      else b.textContent = "selected";
    });
    code.after(" ", b);
  }

  // --- expanding and collapsing ----------------------------------------------------------------------------------------
  for (const [id, what] of [["findings", ".finding"], ["runs", ".run"], ["coverage", ".group"]]) {
    const list = all("#" + id + " details" + what);
    if (list.length < 2) continue;
    const b = make("button", {type: "button", textContent: "open all", className: "all"});
    b.addEventListener("click", () => {
      const open = b.textContent === "open all";
      for (const d of list) d.open = open;
      b.textContent = open ? "close all" : "open all";
    });
    document.querySelector("#" + id + " h2").append(" ", b);
  }

  // --- timelines -----------------------------------------------------------------------------------------------------
  const NS = "http://www.w3.org/2000/svg";
  const draw = (name, attrs, parent) => {
    const el = document.createElementNS(NS, name);
    for (const k in attrs) el.setAttribute(k, attrs[k]);
    if (parent) parent.append(el);
    return el;
  };
  const time = us => us < 1000 ? us.toFixed(0) + " µs" : us < 1e6 ? (us / 1000).toFixed(us < 1e4 ? 2 : 1) + " ms" : (us / 1e6).toFixed(3) + " s";

  for (const box of all(".timeline")) {
    const svg = box.querySelector("svg.tl"), plot = svg.querySelector("svg.plot"), axis = svg.querySelector(".axis");
    const W = +plot.getAttribute("width"), H = +plot.getAttribute("height"), gutter = +axis.dataset.gutter, last = +plot.dataset.last;
    const base = +axis.dataset.y;
    const points = all(".pt", plot).map(el => {
      const [x, y] = el.getAttribute("d").slice(1).split(/[ L]/).map(Number);
      return {el, x, y, said: el.textContent};
    });
    for (const el of all("title", plot)) { el.parentNode.dataset.said = el.textContent; el.remove(); }
    const say = make("output", {});
    say.setAttribute("aria-live", "polite");
    const tools = make("div", {className: "tools"});
    const button = (label, title, act) => {
      const b = make("button", {type: "button", textContent: label, title});
      b.setAttribute("aria-label", title);
      b.addEventListener("click", act);
      tools.append(b);
    };
    let a = 0, b = W, chosen = -1;
    const cross = draw("line", {class: "cross", x1: 0, x2: 0, y1: 0, y2: base, visibility: "hidden"}, plot);
    const show = () => {
      plot.setAttribute("viewBox", a + " 0 " + (b - a) + " " + H);
      const from = a / W * last, to = b / W * last;
      let step = 1;
      for (let k = 0; (to - from) / step > 8; k++) step = [1, 2, 5][k % 3] * 10 ** Math.floor(k / 3);
      const digits = step >= 1e6 ? 0 : Math.min(6, Math.ceil(6 - Math.log10(step)));
      axis.replaceChildren();
      for (let t = Math.ceil(from / step) * step; t <= to; t += step) {
        const x = gutter + (t - from) / (to - from) * W;
        draw("line", {class: "tickline", x1: x, x2: x, y1: base, y2: base + 5}, axis);
        draw("text", {class: "tick", x, y: base + 18, "text-anchor": "middle"}, axis).textContent = (t / 1e6).toFixed(digits) + " s";
      }
      let next = -Infinity;
      for (const p of all(".phase", svg)) {
        const x = gutter + (p.dataset.x - a) / (b - a) * W + 4;
        const fits = x >= gutter && x <= gutter + W - 20 && x >= next;
        p.setAttribute("x", x);
        p.classList.toggle("crowded", !fits);
        if (fits) next = x + p.textContent.length * 6.5 + 14;
      }
    };
    const zoom = (factor, around) => {
      const at = around === undefined ? (a + b) / 2 : around, w = Math.min(W, Math.max(W / 2000, (b - a) * factor));
      a = Math.max(0, Math.min(W - w, at - (at - a) / (b - a) * w));
      b = a + w;
      show();
    };
    const pan = by => { const w = b - a; a = Math.max(0, Math.min(W - w, a + by * w)); b = a + w; show(); };
    const reset = () => { a = 0; b = W; show(); };
    button("+", "zoom in", () => zoom(0.5));
    button("−", "zoom out", () => zoom(2));
    button("all", "show all", reset);
    tools.append(say);
    box.prepend(tools);
    const tell = text => { say.textContent = text; };
    const choose = i => {
      if (!points.length) return;
      chosen = Math.max(0, Math.min(points.length - 1, i));
      for (const p of all(".chosen", plot)) p.classList.remove("chosen");
      const p = points[chosen];
      p.el.classList.add("chosen");
      cross.setAttribute("x1", p.x);
      cross.setAttribute("x2", p.x);
      cross.setAttribute("visibility", "visible");
      if (p.x < a || p.x > b) { const w = b - a; a = Math.max(0, Math.min(W - w, p.x - w / 2)); b = a + w; show(); }
      tell(p.said);
    };
    // where the pointer is, in the drawing's own measure; undefined left and right of the plot
    const at = e => {
      const r = svg.getBoundingClientRect(), x = (e.clientX - r.left) / r.width * svg.viewBox.baseVal.width - gutter;
      return x < 0 || x > W ? undefined : a + x / W * (b - a);
    };
    let from, sweep;
    svg.addEventListener("pointermove", e => {
      const x = at(e);
      if (x === undefined) return;
      if (from !== undefined) {
        sweep.setAttribute("x", Math.min(from, x));
        sweep.setAttribute("width", Math.abs(x - from));
        return;
      }
      cross.setAttribute("x1", x);
      cross.setAttribute("x2", x);
      cross.setAttribute("visibility", "visible");
      const said = e.target.dataset && e.target.dataset.said;
      tell("at " + time(x / W * last) + (said ? ": " + said : ""));
    });
    svg.addEventListener("pointerdown", e => {
      const x = at(e);
      if (x === undefined || e.button || e.pointerType === "touch") return;
      from = x;
      sweep = draw("rect", {class: "sweep", x, y: 0, width: 0, height: base}, plot);
      svg.setPointerCapture(e.pointerId);
      e.preventDefault();
    });
    const drop = e => {
      if (from === undefined) return;
      const x = at(e), start = from;
      sweep.remove();
      from = undefined;
      if (x !== undefined && Math.abs(x - start) > (b - a) / 100) { [a, b] = [Math.min(start, x), Math.max(start, x)]; show(); }
    };
    svg.addEventListener("pointerup", drop);
    svg.addEventListener("pointercancel", drop);
    svg.addEventListener("dblclick", reset);
    svg.addEventListener("wheel", e => { if (e.ctrlKey || e.metaKey) { e.preventDefault(); zoom(e.deltaY > 0 ? 1.25 : 0.8, at(e)); } }, {passive: false});
    box.querySelector(".scroll").addEventListener("keydown", e => {
      const keys = {"+": () => zoom(0.5), "=": () => zoom(0.5), "-": () => zoom(2), "0": reset, Home: () => choose(0), End: () => choose(points.length - 1),
        ArrowRight: () => e.shiftKey ? pan(0.25) : choose(chosen + 1), ArrowLeft: () => e.shiftKey ? pan(-0.25) : choose(chosen - 1)};
      if (!keys[e.key] || e.ctrlKey || e.metaKey || e.altKey) return;
      e.preventDefault();
      keys[e.key]();
    });
  }
})();
