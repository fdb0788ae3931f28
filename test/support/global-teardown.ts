// After the last suite: the servers that all of them shared end.

import { closeAll } from "./global-setup.ts";

export default closeAll;
