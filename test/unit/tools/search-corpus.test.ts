import { describe, expect, test } from "@jest/globals";
import { bundledCorpus, createCorpus } from "../../../src/corpus/search-corpus.ts";

const FIRST: readonly (readonly [query: string, title: string])[] = [
  ["population of Earth", "Population of Earth"],
  ["Earth population", "Population of Earth"],
  ["world population", "Population of Earth"],
  ["current population of Earth 2024", "Population of Earth"],
  ["How many people live on Earth?", "Population of Earth"],
  ["land area of Earth", "Land area of Earth"],
  ["Earth's land area in square kilometres", "Land area of Earth"],
  ["surface area of Earth", "Surface area of Earth"],
  ["population of France", "France"],
  ["area of France", "France"],
  ["capital of France", "France"],
  ["France capital", "France"],
  ["population of Germany", "Germany"],
  ["area of Germany", "Germany"],
  ["population of Japan", "Japan"],
  ["capital of Japan", "Japan"],
  ["population of the USA", "United States"],
  ["capital of the United Kingdom", "United Kingdom"],
  ["capital of Australia", "Australia"],
  ["population of South Korea", "South Korea"],
  ["population of India", "India"],
  ["most populous country", "Most populous country"],
  ["largest country by area", "Largest country by area"],
  ["height of Mount Everest", "Mount Everest"],
  ["height of Everest", "Mount Everest"],
  ["tallest mountain", "Tallest mountain"],
  ["What is the highest mountain in the world?", "Tallest mountain"],
  ["longest river", "Longest river"],
  ["height of K2", "K2"],
  ["How tall is Kilimanjaro?", "Kilimanjaro"],
  ["length of Nile", "Nile"],
  ["How long is the Amazon?", "Amazon River"],
  ["length of the Danube", "Danube"],
  ["depth of the Mariana Trench", "Mariana Trench"],
  ["area of the Pacific Ocean", "Pacific Ocean"],
  ["distance to the Moon", "Moon"],
  ["diameter of Mars", "Mars (planet)"],
  ["mass of Jupiter", "Jupiter (planet)"],
  ["largest planet", "Largest planet"],
  ["speed of light", "Speed of light"],
  ["speed of sound", "Speed of sound"],
  ["Planck constant", "Planck constant"],
  ["boiling point of water", "Boiling point of water"],
  ["atomic number of gold", "Gold (element)"],
  ["atomic weight of oxygen", "Oxygen"],
  ["When was the telephone patented", "Invention of the telephone"],
  ["who invented the telephone", "Invention of the telephone"],
  ["Apollo 11 moon landing date", "Moon landing"],
  ["when did the Berlin Wall fall", "Fall of the Berlin Wall"],
  ["height of the Eiffel Tower", "Eiffel Tower"],
  ["tallest building in the world", "Tallest building"],
  ["currency of Japan", "Japanese yen (currency)"],
  ["what is durable execution", "Durable execution"],
  ["who created Python", "Python (programming language)"],
  ["how many metres in a mile", "Mile"],
  ["absolute zero in Celsius", "Absolute zero"],
];

describe("a search finds the fact that was meant first", () => {
  test.each(FIRST)("%s", (query, title) => {
    expect(bundledCorpus().search(query, 5)[0]?.title).toBe(title);
  });
});

test("the bundled corpus has at least 300 facts, each with its own title, a source and a year", () => {
  const { facts } = bundledCorpus();
  expect(facts.length).toBeGreaterThanOrEqual(300);
  expect(new Set(facts.map(({ title }) => title)).size).toBe(facts.length);
  for (const fact of facts) {
    expect(fact.date).toMatch(/^\d{4}$/);
    expect(fact.source).not.toBe("");
    expect(fact.text.length).toBeLessThan(400);
  }
});

test("nothing is found for words that no fact has, and for no words at all", () => {
  for (const query of ["Zorblax", "airspeed of Zorblax", "xyzzy plugh", "", "?!", "what is the"]) {
    expect(bundledCorpus().search(query, 5)).toEqual([]);
  }
});

test("words like `constructor` and `__proto__` are words like others", () => {
  for (const query of ["constructor", "__proto__", "toString hasOwnProperty"]) {
    expect(bundledCorpus().search(query, 5)).toEqual([]);
  }
});

test("no more facts come back than were asked for", () => {
  const fact = (title: string) => ({ title, text: "a lake", source: "Atlas", date: "2024" });
  const corpus = createCorpus(["One", "Two", "Three"].map(fact));
  expect(corpus.search("lake", 2)).toHaveLength(2);
});
