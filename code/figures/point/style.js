/** The style of this figure alone; it stands among the pictures, so that the poster carries it too. */

export const STYLE = `
.attn-figure .typed label { display: block; margin: 0; }
.attn-figure :is(textarea, .swaps input) {
  background: var(--paper);
  border: 1px solid var(--line);
  border-radius: 0.4rem;
  color: var(--ink);
  font: inherit;
  padding: 0.3rem 0.7rem;
}
.attn-figure textarea { display: block; font-size: 1.05rem; resize: vertical; width: 100%; }
.attn-figure :is(textarea, .swaps input)[aria-invalid] { border-color: var(--output); }
.attn-figure textarea:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.attn-figure .said { margin: 0.4rem 0 0.6rem; min-height: 1.45em; overflow-wrap: anywhere; }
.attn-figure .pictures > .panel {
  background: none;
  border: 1px solid var(--line);
  border-radius: 0.5rem;
  flex: 1 1 19rem;
  max-width: none;
  padding: 0.6rem 0.75rem;
}
.attn-figure .panel p { margin: 0; }
.attn-figure .side { font-weight: 600; }
.attn-figure :is(.side, .sign).positive { color: var(--value); }
.attn-figure :is(.side, .sign).negative { color: var(--output); }
.attn-figure .verdict.now { font-size: 1.15rem; }
.attn-figure .verdict.before { font-size: 0.85rem; }
.attn-figure .gauge { margin: 0.35rem 0 0.25rem; }
.attn-figure .gauge :is(line, path) { stroke-linecap: round; stroke-width: 3; }
.attn-figure .gauge .negative { stroke: var(--output); }
.attn-figure .gauge .positive { stroke: var(--value); }
.attn-figure .gauge .half { stroke: var(--line); }
.attn-figure .gauge .way { stroke: var(--ink); stroke-width: 5; }
.attn-figure .gauge .dot { fill: var(--ink); stroke: var(--paper); stroke-width: 1.5; }
.attn-figure .gauge .ring { fill: var(--paper); stroke: var(--ink); stroke-width: 2; }
.attn-figure .chips { display: flex; flex-wrap: wrap; gap: 0.5rem 0.25rem; min-height: 5rem; }
.attn-figure .chip {
  border-radius: 0.3rem;
  cursor: pointer;
  display: inline-flex;
  flex-direction: column;
  max-width: 100%;
  min-width: 2rem;
  position: relative;
  text-align: center;
}
.attn-figure .spoken {
  clip-path: inset(50%);
  height: 1px;
  overflow: hidden;
  position: absolute;
  white-space: nowrap;
  width: 1px;
}
.attn-figure .tower { height: 1.75rem; overflow: hidden; position: relative; }
.attn-figure .height {
  background: var(--weight);
  border-radius: 2px 2px 0 0;
  bottom: 0;
  left: 12%;
  position: absolute;
  right: 12%;
}
.attn-figure .ghost { border-top: 2px dotted var(--ink); left: 0; position: absolute; right: 0; }
.attn-figure .ghost[hidden] { display: none; }
.attn-figure .word {
  border: 1px solid transparent;
  border-radius: 0.3rem;
  border-top: 2px solid var(--line);
  overflow-wrap: anywhere;
  padding: 0.05rem 0.3rem;
}
.attn-figure .word.unknown { border: 1px dashed var(--output); }
.attn-figure .word del { opacity: 0.65; }
.attn-figure .word del:not(:last-child) { margin-right: 0.3em; }
.attn-figure .sign { font-size: 0.78rem; line-height: 1.35; min-height: 1.05rem; }
.attn-figure .chip.pointed .word { border-color: var(--ink); }
.attn-figure .chip[aria-pressed="true"] { outline: 2px solid var(--accent); outline-offset: 1px; }
.attn-figure .who { display: flex; flex-wrap: wrap; gap: 0 1rem; justify-content: space-between; }
.attn-figure .product { font-size: 0.85rem; overflow-wrap: anywhere; padding-top: 0.3rem; }
.attn-figure .panel { font-variant-numeric: tabular-nums; }
.attn-figure .actions { background: var(--soft); border-radius: 0.5rem; margin-top: 0.6rem; padding: 0.6rem 0.75rem; }
.attn-figure .actions button { background: var(--paper); }
.attn-figure .actions button[aria-pressed="true"] { background: var(--accent); }
.attn-figure button:is(:disabled, [aria-disabled="true"]) { cursor: default; opacity: 0.5; }
.attn-figure :is(.tools, .swaps, .swaps .words) { align-items: center; display: flex; flex-wrap: wrap; gap: 0.4rem; }
.attn-figure .tools + .tools { margin-top: 0.4rem; min-height: 2rem; }
.attn-figure .swaps[hidden] { display: none; }
.attn-figure .chosen { font-weight: 600; min-width: 6.5rem; overflow-wrap: anywhere; }
.attn-figure .swaps input { min-height: 2rem; padding: 0.2rem 0.5rem; width: 8rem; }
.attn-figure [data-control="reset"] { margin-left: auto; }
@media (prefers-reduced-motion: no-preference) {
  .attn-figure .height { transition: height 0.25s; }
  .attn-figure .ghost { transition: bottom 0.25s; }
  .attn-figure .gauge circle { transition: cx 0.25s; }
}
`;
