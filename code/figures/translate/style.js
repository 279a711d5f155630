/**
 * The style of this figure alone; it stands among the pictures, so that the poster carries it too. Its pictures are no
 * containers, since no size depends on theirs: the browser would lay out each by itself.
 */

export const STYLE = `
.attn-figure .typed label { display: block; margin: 0; }
.attn-figure .typed input {
  background: var(--paper);
  border: 1px solid var(--line);
  border-radius: 0.4rem;
  color: var(--ink);
  display: block;
  font: inherit;
  font-size: 1.05rem;
  min-height: 2.5rem;
  padding: 0.3rem 0.7rem;
  width: 100%;
}
.attn-figure .typed input[aria-invalid] { border-color: var(--output); }
.attn-figure .said { margin: 0.4rem 0 0.9rem; min-height: 1.45em; overflow-wrap: anywhere; }
.attn-figure .growing { flex: 1 1 18rem; }
.attn-figure .ranges { display: flex; font-size: 0.8rem; gap: 2px; line-height: 1.4; }
.attn-figure .ranges span { border-top: 4px solid var(--value); padding-top: 0.1rem; text-align: center; }
.attn-figure .ranges span + span { border-color: var(--output); }
.attn-figure .pictures .growth table { margin: 0; table-layout: fixed; }
.attn-figure .growth caption { caption-side: top; color: inherit; padding: 0 0 0.3rem; text-align: left; }
.attn-figure .growth :is(th, td) { padding: 0.15rem 0; text-align: center; }
.attn-figure .growth th:first-child { text-align: left; width: 8.75rem; }
.attn-figure .growth .right { color: var(--value); }
.attn-figure .growth .faulty { color: var(--output); font-weight: 600; }
.attn-figure .growth .longer { border-left: 2px solid var(--ink); }
.attn-figure .growth [data-now] {
  background: var(--soft);
  box-shadow: inset 2px 0 var(--accent), inset -2px 0 var(--accent);
}
.attn-figure .pictures > :is(.growth, .lines, .map) { container-type: normal; flex: 1 1 100%; max-width: none; }
.attn-figure .line { border-top: 1px solid var(--line); display: grid; gap: 0 0.75rem; padding: 0.4rem 0; }
.attn-figure .line { grid-template-columns: 8.75rem 1fr 5rem; }
.attn-figure .who { font-weight: 600; order: 0; }
.attn-figure .words { order: 1; overflow-wrap: anywhere; }
.attn-figure .grade { color: var(--output); font-weight: 600; order: 2; text-align: right; }
.attn-figure .grade[data-value="0"] { color: var(--value); }
.attn-figure .word { border-radius: 0.25rem; display: inline-block; min-height: 1.6rem; padding: 0.05rem 0.2rem; }
.attn-figure .linked { background: var(--soft); cursor: pointer; min-width: 1.6rem; text-align: center; }
.attn-figure .unknown { border: 1px dashed var(--output); }
.attn-figure .wrong { color: var(--output); text-decoration: line-through; }
.attn-figure .missing { font-style: italic; text-decoration: none; }
.attn-figure .map { min-height: 12rem; }
.attn-figure .scrolled { overflow-x: auto; }
.attn-figure .map svg { margin: 0 auto; max-width: none; }
.attn-figure .map .weighed rect { fill: var(--weight); }
.attn-figure .map .grid { fill: none; stroke: var(--line); stroke-width: 0.5; }
.attn-figure .map .gold { fill: none; pointer-events: none; stroke: var(--ink); stroke-width: 2; }
.attn-figure .map .frame { pointer-events: none; }
.attn-figure .linked-words { min-height: 1.45em; }
@media (max-width: 620px) {
  .attn-figure .line { grid-template-columns: 1fr auto; }
  .attn-figure .grade { order: 0; }
  .attn-figure .words { grid-column: 1 / -1; }
  .attn-figure :is(.said, .linked-words) { min-height: 2.9em; }
}
@media (prefers-reduced-motion: no-preference) {
  .attn-figure .stage .map .weighed { animation: attn-appear 0.3s both; }
}
@keyframes attn-appear {
  from { opacity: 0; }
}
`;
