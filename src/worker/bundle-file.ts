// Where the build leaves the bundled workflows, for whoever serves or replays them.

import { packageFile } from "../package-root.ts";

export const BUNDLE_FILE = packageFile("dist/workflow-bundle.js");
