// One answer for all who ask the same within a short time: pages ask every few seconds, and twenty of them
// are to cost what one costs. One question of a kind is under way at a time; a failure is nobody's answer
// but theirs who waited for it.

export interface SharedAnswers<Answer> {
  of(question: readonly unknown[], ask: () => Promise<Answer>): Promise<Answer>;
}

interface Kept<Answer> {
  readonly answer: Promise<Answer>;
  untilMs: number;
}

/** Who asks may choose the question: what nobody asks any more is forgotten. */
const QUESTIONS_MAX = 1000;

export function shareAnswers<Answer>(
  lastsMs: number,
  now: () => number = () => performance.now(),
): SharedAnswers<Answer> {
  const known = new Map<string, Kept<Answer>>();

  async function keep(key: string, kept: Kept<Answer>): Promise<void> {
    try {
      await kept.answer;
      kept.untilMs = now() + lastsMs;
    } catch {
      if (known.get(key) === kept) known.delete(key);
    }
  }

  return {
    of(question, ask) {
      const key = JSON.stringify(question);
      const before = known.get(key);
      if (before !== undefined && now() < before.untilMs) return before.answer;
      const kept = { answer: ask(), untilMs: Infinity };
      known.delete(key);
      known.set(key, kept);
      const [oldest] = known.keys();
      if (known.size > QUESTIONS_MAX && oldest !== undefined) known.delete(oldest);
      void keep(key, kept);
      return kept.answer;
    },
  };
}
