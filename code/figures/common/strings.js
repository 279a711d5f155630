/** Every word that a figure shows or speaks, one entry a language; another language is another entry. */

const TEXTS = {
  en: {
    common: {
      problem: "This figure cannot be drawn.",
      noWeights: "Its weights did not arrive.",
      reset: "Start again",
    },
    "query-key-value": {
      keysTitle: "Query and keys",
      valuesTitle: "Values and output",
      query: "query q",
      queryLabel: "q",
      output: "output",
      key: (/** @type {number} */ i) => `k${i}`,
      value: (/** @type {number} */ i) => `v${i}`,
      place: (/** @type {string} */ x, /** @type {string} */ y) => `x ${x}, y ${y}`,
      weighed: (/** @type {string} */ score, /** @type {string} */ weight) => `score ${score}, weight ${weight}`,
      weight: (/** @type {string} */ weight) => `weight ${weight}`,
      heads: { key: "key k", score: "score e", weight: "weight α", value: "value v" },
      sum: "sum of the weights, output",
      heard: (/** @type {string} */ weights, /** @type {string} */ output) => `Weights: ${weights}. Output: ${output}.`,
      temperature: "Temperature τ (divides the scores)",
      score: "Score function",
      scores: /** @type {[string, string][]} */ ([
        ["dot", "dot"],
        ["scaled_dot", "scaled dot"],
        ["cosine", "cosine"],
      ]),
      presets: "States worth seeing",
      hint: "Drag the query, the keys and the values, or reach them with Tab and move them with the arrow keys.",
      preset: {
        start: {
          text: "Start",
          note: "k1 lies nearest to the query's direction and weighs most: it draws the output towards its value v1.",
        },
        equal: {
          text: "Equal keys",
          note: "k1 and k2 are the same key: they share the weight equally, however far apart their values are.",
        },
        far: {
          text: "A far key",
          note: "k1, k2 and k3 point nearly one way; k2 is the longest, and the dot product gives it nearly all.",
        },
        cosine: {
          text: "Far, by cosine",
          note: "The cosine sees the direction alone: k2's length is gone, and k1, k2 and k3 weigh nearly the same.",
        },
        sharp: {
          text: "Very sharp",
          note: "At temperature 0.05 the best key takes everything: the output is its value, as from a dictionary.",
        },
        soft: {
          text: "Very soft",
          note: "At temperature 5 the weights move towards 1/4 each, the output towards the mean of the values.",
        },
      },
    },
    "square-root-of-d": {
      presets: "Dimensions worth seeing",
      preset: {
        two: {
          text: "d = 2",
          note:
            "Few features: with and without the division the scores stay small, many keys get weight, and " +
            "the gradient is near its most.",
        },
        head: {
          text: "d = 64",
          note:
            "The size of one head in the Transformer: without the division scores of ±8 are common and one " +
            "key takes nearly all; with it the weights stay soft.",
        },
        large: {
          text: "d = 512",
          note:
            "Without the division one key has it all and the gradient is nearly gone: nothing left to learn " +
            "from. With it all is as it was at d = 2.",
        },
      },
      hint: "Slide the dimension, or draw other queries and keys: what changes, and what does not?",
      dimension: "Dimension",
      again: "Draw again",
      ticks: "ticks: one query",
      normal: (/** @type {number} */ variance) => `curve: N(0, ${variance})`,
      equal: "dotted: all equal",
      scores: {
        dot: { title: "Scores q·k", label: "Histogram of the scores without the division" },
        scaled: { title: "Scores q·k / √d", label: "Histogram of the scores with the division" },
      },
      weights: {
        dot: { title: "Softmax of q·k", label: "Weights of 16 keys without the division" },
        scaled: { title: "Softmax of q·k / √d", label: "Weights of 16 keys with the division" },
      },
      gradient: {
        title: "Size of the softmax's gradient",
        label: "Gradient over the dimension: without the division it falls towards zero, with it it stays",
        dot: "q·k",
        scaled: "q·k / √d",
        axis: "dimension d",
      },
      table: {
        heads: ["measured", "q·k", "q·k / √d"],
        variance: "score variance",
        largest: "largest weight",
        gradient: "gradient's size",
        share: "% of its maximum",
      },
      drawn:
        "40 queries and 16 keys, every entry drawn from N(0, 1). Variance and gradient are over all " +
        "queries; ticks and weights are the first one's. The gradient's size is |∂α/∂e| summed over all weights α " +
        "and scores e: at most 1.88, when all weights are equal.",
      heard: (/** @type {number} */ d, /** @type {string[]} */ dot, /** @type {string[]} */ scaled) =>
        `d = ${d}. Without the division: largest weight ${dot[0]}, gradient ${dot[1]}. With it: ` +
        `${scaled[0]} and ${scaled[1]}.`,
    },
    masks: {
      tokens: ["I", "like", "food", ".", "PAD", "PAD"],
      spoken: ["I", "like", "food", "full stop", "first PAD", "second PAD"],
      corner: "query",
      columns: "keys →",
      sum: "sum",
      ours: { title: "Weights of attend", label: "Weights of attend, one row a query; Space allows or forbids a cell" },
      habit: { title: "Weights with scores of −10⁹", label: "Weights with forbidden scores of minus ten to the ninth" },
      presets: "Masks worth seeing",
      hint:
        "Click a cell to allow or forbid it, or move with the arrow keys and press Space: each row is shared " +
        "out again.",
      preset: {
        none: {
          text: "No mask",
          note: "Every query sees every key, and over a fifth of each row's weight goes to padding that means nothing.",
        },
        padding: {
          text: "Padding",
          note:
            "The two columns of padding are forbidden for every query; the four words share its weight, and " +
            "each row sums to one again.",
        },
        causal: {
          text: "Causal",
          note:
            "A query sees itself and what stands before it. The first sees one key only, so that key takes " +
            "all its weight.",
        },
        window: {
          text: "Window",
          note:
            "A query sees itself and one neighbour on each side. The further keys lose their weight to the " +
            "near ones.",
        },
        empty: {
          text: "A fully masked row",
          note:
            "Padding and a window of one key before: the last query may see nothing. attend gives it zeros; " +
            "−10⁹ lets it look at all that is forbidden.",
        },
      },
      seen: (/** @type {string} */ query, /** @type {string[]} */ keys) =>
        `“${query}” may see ${keys.join(", ")}: together 1. Where a row has a key left, both pictures agree.`,
      nothing: (/** @type {string} */ query, /** @type {number} */ keys) =>
        `“${query}” may see nothing. attend gives zeros, −10⁹ gives 1/${keys} to each key, and every one ` +
        `of them is forbidden.`,
      /** @type {(query: string, key: string, allowed: boolean, weight: string) => string} */
      cell: (query, key, allowed, weight) => `${query} ${allowed ? "may" : "may not"} see ${key}, weight ${weight}`,
      kind: "Mask",
      kinds: /** @type {[string, string][]} */ ([
        ["none", "none"],
        ["causal", "causal"],
        ["window", "window"],
      ]),
      sizes: { length: "Padding: real keys", before: "Window: keys before", after: "Window: keys after" },
      of: (/** @type {number} */ count, /** @type {number} */ all) => `${count} of ${all}`,
    },
    point: {
      text: "Review",
      scale: "λ, the divisor of the attention scores: a model trained for each",
      names: /** @type {Record<string, { short: string, long: string }>} */ ({
        dp: { short: "DP", long: "each word alone" },
        "dp-l": { short: "DP-L", long: "in context" },
      }),
      ends: ["− negative", "positive +"],
      verdict: { now: "", before: "untouched: " },
      side: (/** @type {number} */ probability) =>
        probability.toFixed(2) === "0.50"
          ? "undecided 0.50"
          : probability > 0.5
            ? `positive ${probability.toFixed(2)}`
            : `negative ${(1 - probability).toFixed(2)}`,
      wordsOf: (/** @type {string} */ name) => `Words, weighed by ${name}`,
      /** @param {{ typed: string, word?: string, isUnknown: boolean, weight: number }} chip */
      chip: ({ typed, word, isUnknown, weight }) => {
        if (word === undefined) return ", deleted";
        const [swapped, unknown] = [word === typed ? "" : `, instead of ${typed}`, isUnknown ? ", unknown" : ""];
        return `${swapped}${unknown}, weight ${weight.toFixed(2)}, polarity `;
      },
      quoted: (/** @type {string} */ word) => `“${shortened(word)}”`,
      deleted: (/** @type {string} */ word) => `“${shortened(word)}” is deleted: neither classifier reads it.`,
      /** @type {(word: string, weight: string, polarity: string, product: string) => string} */
      adds: (word, weight, polarity, product) =>
        `“${shortened(word)}” adds ${weight} × ${polarity} = ${product}`,
      sum: "s is the sum of weight × polarity",
      accuracy: (/** @type {number} */ share) => `accuracy ${share.toFixed(2)}`,
      about:
        "A bar is a word's weight, the number below the word its polarity. Accuracy is that on the validation " +
        "sentences of SST-2.",
      choose: "Choose a word:",
      moving: (/** @type {string} */ word) => `Choose the word that gets the weight of “${shortened(word)}”.`,
      oneWord: "One word can be put in.",
      key: (/** @type {string} */ key) => `Key: ${key}`,
      actions: {
        delete: "Delete",
        zero: "Weight to 0",
        move: "Move its weight",
        swap: "Swap for",
        own: "other word",
        ownLabel: "Another word to swap it for",
        reset: "Undo all changes",
      },
      trained: "Both classifiers were trained on sentences from film reviews.",
      empty: "There is no word to judge: type some, or choose an example.",
      /** @type {(length: number, most: number) => string} */
      tooLong: (length, most) =>
        `${length.toLocaleString("en")} characters are too many, the figure takes ${most}. Shown is the text before.`,
      /** @type {(words: string[], size: number) => string} */
      unknownWords: (words, size) =>
        `Unknown, not among the ${size.toLocaleString("en")} words of training: ${shortened(words.join(" "))}. The ` +
        "classifiers read <unk> instead.",
      heard: (/** @type {string[]} */ said) => `${said.join(". ")}.`,
      presets: "Examples",
      hint: "Type a review, or take an example. Then change it by hand: does the score follow the weights?",
      preset: {
        plain: {
          text: "Plain",
          note: "Which words get the weight, and are they those that you would point at?",
        },
        negation: {
          text: "Negation",
          note: "DP weighs “not” and “good” each by itself; DP-L has read the words around them.",
        },
        contrast: {
          text: "Contrast",
          note: "Two clauses that disagree: the score is a weighted mean, so the weights decide which one wins.",
        },
        order: {
          text: "Order",
          note:
            "“good, not bad” was typed, then two words were swapped. They are the same words still: DP cannot tell " +
            "the difference.",
        },
        zero: {
          text: "Zeroed",
          note:
            "“not” has lost its weight, the others share it. For DP that is the same as deleting the word; for DP-L " +
            "its neighbours have read it.",
        },
        moved: {
          text: "Moved",
          note:
            "All the weight of “great” lies on “the” now. Does the answer go with it? If not, what did the weight " +
            "tell?",
        },
        flat: {
          text: "Flat",
          note: "With λ = 10 000 every word weighs the same: the answer is the mean polarity, and nothing points.",
        },
      },
    },
    translate: {
      sentence: "Chinese sentence",
      source: "Chinese",
      end: "end",
      unknown: "unknown",
      wrong: "wrong",
      names: /** @type {Record<string, string>} */ ({
        fixed_vector: "Fixed vector",
        rnnsearch: "RNNsearch",
        "luong-general": "Luong, general",
      }),
      models: /** @type {[string, string][]} */ ([
        ["rnnsearch", "RNNsearch"],
        ["luong-general", "Luong, general"],
      ]),
      model: "Attention of",
      clauses: "Clauses of one sentence",
      clause: (/** @type {number} */ count, /** @type {boolean} */ isTrained) =>
        isTrained ? `${count}` : `${count}, more than in training`,
      ranges: ["as long as in training", "longer"],
      growth: {
        head: "Clauses",
        caption: (/** @type {number} */ most) =>
          `Errors as one sentence grows clause by clause; training had sentences of up to ${most}.`,
      },
      grade: (/** @type {number} */ errors) => ({
        errors,
        text: errors === 0 ? "✓ right" : `${errors} ${errors === 1 ? "error" : "errors"}`,
      }),
      words: (/** @type {number} */ count) => `${count} words`,
      empty: "There is no word to translate: type some, or choose an example.",
      /** @type {(length: number, most: number) => string} */
      tooLong: (length, most) =>
        `${length.toLocaleString("en")} characters are too many, the translators take ${most}. Shown is the sentence ` +
        "before.",
      /** @type {(words: string[], size: number) => string} */
      unknownWords: (words, size) =>
        `Unknown, not among the ${size} words of the corpus: ${shortened(words.join(" "))}. The translators see ` +
        "<unk>, which they never met in training.",
      hasGold: "Against the gold, wrong words are struck out, [missing ones] put in brackets.",
      hasNoGold: "For this sentence there is no gold translation: nothing is marked as wrong.",
      map: (/** @type {string} */ name) => `Weights of ${name}: a row an English word, a column a Chinese one`,
      looks: (/** @type {string} */ word, /** @type {string} */ weight) => `looks at ${word} ${weight}`,
      point: "Point at a word, or reach it with Tab and the arrow keys: what it is linked to lights up.",
      outlined: "Outlined: the gold alignment. Alignment error rate on the gold translation: ",
      notOutlined: "For this sentence there is no gold alignment.",
      heard: (/** @type {[string, string][]} */ said) =>
        `${said.map(([name, text]) => `${name}: ${text}`).join(". ")}.`,
      presets: "Examples",
      hint: "Type a sentence of the corpus's words, with the box's suggestions, or take one of these.",
      preset: {
        food: {
          text: "我喜欢食物",
          note: "“I like food”: both languages put the words in one order, and the weights lie on the diagonal.",
        },
        order: {
          text: "Time and place",
          note:
            "Chinese says when and where before the verb, English at the end: the weights leave the diagonal and " +
            "follow the words.",
        },
        clause: {
          text: "Relative clause",
          note:
            "“Like beef 的 child”: what describes the child stands before it in Chinese, behind it in English. 的 has " +
            "no English word.",
        },
        question: {
          text: "Question",
          note:
            "“Your grandfather how go restaurant”: the question word stands where its answer would, and comes first " +
            "in English; “does” has no Chinese word.",
        },
        long: {
          text: "Four clauses",
          note: "Attention finds its place clause after clause; one vector has to hold the whole sentence at once.",
        },
        unknown: {
          text: "Unknown word",
          note: "披萨 (pizza) is not in the corpus: the translators see that something is there, and guess.",
        },
      },
    },
  },
};

/** @returns {keyof typeof TEXTS} The page's language where we have its words, English where not. */
export function language() {
  const wanted = globalThis.document?.documentElement.lang.slice(0, 2);
  return /** @type {keyof typeof TEXTS} */ (wanted && wanted in TEXTS ? wanted : "en");
}

/** @type {(text: string) => string} At most 60 characters of what somebody typed. */
const shortened = (text) => ([...text].length > 60 ? `${[...text].slice(0, 60).join("")}…` : text);

/**
 * The words of one figure.
 * @template {keyof typeof TEXTS.en} Figure
 * @param {Figure} figure
 * @returns {(typeof TEXTS.en)[Figure]}
 */
export function strings(figure) {
  return TEXTS[language()][figure];
}
