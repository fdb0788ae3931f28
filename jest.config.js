// Tests run the TypeScript sources through SWC; packages that ship ESM only are transformed too,
// because jest itself loads CommonJS.
const esmOnly = ["uuid", "yocto-spinner", "yoctocolors"];

export default {
  testEnvironment: "node",
  testMatch: ["<rootDir>/test/**/*.test.ts"],
  transform: {
    "^.+\\.[tj]s$": [
      "@swc/jest",
      { jsc: { target: "es2022", parser: { syntax: "typescript" } }, module: { type: "commonjs" } },
    ],
  },
  transformIgnorePatterns: [`/node_modules/(?!(${esmOnly.join("|")})/)`],
  testTimeout: 60_000,
  maxWorkers: 2,
};
