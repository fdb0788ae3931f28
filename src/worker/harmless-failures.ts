// What leaves an activity as an error stands in the run's history for good, and is shown: it holds no secret.

import type { ActivityInterceptorsFactory } from "@temporalio/worker";
import { scrubbedError, scrubbing } from "../domain/scrub.ts";

export function harmlessFailures(secrets: readonly string[]): ActivityInterceptorsFactory {
  const scrub = scrubbing(secrets);
  return () => ({
    inbound: {
      async execute(input, next) {
        try {
          return await next(input);
        } catch (error) {
          throw scrubbedError(error, scrub);
        }
      },
    },
  });
}
