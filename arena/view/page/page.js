// The page: which match is open, keys, and the address: #ply of a match, #match/ply of a run.

const KEYS = [["← →", "step (also h l)"], ["0 $", "start, end"], ["space", "play; + − speed"], ["b m i", "next blunder, mistake, inaccuracy; B M I back"],
  ["x t", "next refused answer, slowest move; X T back"], ["c p o s", "answer, prompt, thinking, state"], ["d", "mark what changed in the prompt"],
  ["↑ ↓", "scroll the pane (also k j)"], ["f g", "flip, other drawing"], ["y", "copy the state"], ["n N", "next, previous match"], ["esc", "back to the run"], ["/", "search; enter goes on"], ["?", "this help"]];

class Page {
  constructor(contents) {
    this.contents = contents;
    this.single = contents.kind === "match";
    this.main = el("main");
    this.crumb = el("h1");
    this.finder = el("input", { type: "search", hidden: true, "aria-label": "search in this match", placeholder: "in prompts, answers, boards" });
    this.help = el("dialog.help", { onclick: () => this.help.close() }, el("h2", "keys"),
      el("dl", KEYS.map(([keys, text]) => [el("dt", keys), el("dd", text)])));
    const ask = el("button.ask", { title: "keys (?)", onclick: () => this.help.showModal() }, "?");
    const notes = (contents.notes || []).map((text) => el("p.note", text));
    document.getElementById("page").append(el("header", this.crumb, el("span.gap"), this.finder, ask), ...notes, this.main, this.help);
    addEventListener("keydown", (event) => this.key(event));
    addEventListener("hashchange", () => this.follow());
  }

  async begin() {
    this.shared = await unpack(this.contents.shared);
    await this.follow();
    document.documentElement.dataset.ready = "";
  }

  // Shows what the address says.
  async follow() {
    clearTimeout(this.telling);
    const asked = this.asked = (this.asked || 0) + 1;
    const [first, second] = decodeURIComponent(location.hash.slice(1)).split("/");
    const index = this.single ? 0 : this.contents.matches.findIndex((one) => one.id === first);
    if (index < 0 || !this.contents.matches.length) { this.tables(); return; }
    await this.open(index, asked);
    if (asked !== this.asked) return;
    const ply = this.single ? first : second;
    this.view.show(ply ? this.view.decisions.findIndex((one) => String(one.ply) === ply) : -1);
  }

  tables() {
    if (this.view) this.view.stop();
    this.view = undefined;
    this.at = -1;
    this.list = this.list || runView(this, this.contents);
    this.finder.hidden = true;
    this.main.replaceChildren(this.list);
    this.crumb.replaceChildren(this.contents.title);
  }

  // Opens a match, unless another address was asked for while it was unpacked.
  async open(index, asked) {
    if (this.view && this.at === index) return;
    if (this.view) this.view.stop();
    const chosen = this.contents.matches[index];
    const story = await unpack(chosen.data);
    if (asked !== this.asked) return;
    this.at = index;
    this.view = new MatchView(this, story);
    this.main.replaceChildren(this.view.node);
    const game = el("span.game", story.game);
    this.crumb.replaceChildren(...(this.single ? [] : [el("a", { href: "#" }, this.contents.title), " › "]), game, el("span.soft", ` ${story.id}`));
    if (!this.single) scrollTo(0, 0);
  }

  // A view says where it is; the address follows once it rests, for browsers refuse to be told too often.
  moved(ply) {
    const parts = this.single ? [ply] : [this.contents.matches[this.at].id, ply];
    clearTimeout(this.telling);
    this.telling = setTimeout(() => history.replaceState(null, "", `#${parts.filter(Boolean).join("/")}`), 120);
  }

  next(step) {
    const { matches } = this.contents;
    if (!this.single && matches.length) location.hash = matches[(this.at + step + matches.length) % matches.length].id;
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.matches("input")) { this.type(event); return; }
    if (event.key === " " && event.target.matches("button, summary")) event.target.blur();
    if (this.act(event.key)) event.preventDefault();
  }

  // Keys in an input field.
  type(event) {
    if (event.key === "Enter" && event.target === this.finder && this.finder.value) this.view.find(this.finder.value);
    if (event.key !== "Escape") return;
    event.target.blur();
    this.finder.hidden = true;
  }

  act(name) {
    if (name === "?") { if (this.help.open) this.help.close(); else this.help.showModal(); return true; }
    if (this.help.open) return false;
    if (name === "n" || name === "N") { this.next(name === "n" ? 1 : -1); return true; }
    if ((name === "Escape" || name === "q") && this.view && !this.single) { location.hash = ""; return true; }
    if (name === "/") {
      this.finder.hidden = !this.view;
      (this.view ? this.finder : this.search).select();
      return true;
    }
    return this.view ? this.view.key(name) : false;
  }
}

new Page(JSON.parse(document.getElementById("data").textContent)).begin();
