// The folders besides the run's own that file tools may use, as an operator names them: `/data:ro,/out:rw`. What
// can be said of them without looking is said here; whether they are there, a worker finds out when it starts.

export interface FileRoot {
  /** Absolute, plain, without a slash at its end. */
  readonly path: string;
  readonly isWritable: boolean;
}

export interface RootsRead {
  readonly roots: readonly FileRoot[];
  readonly complaints: readonly string[];
}

/** What lies there is the machine itself, and no file of anybody. */
const MACHINE = ["/proc", "/sys", "/dev"];

export function readRoots(text: string): RootsRead {
  const roots: FileRoot[] = [];
  const complaints: string[] = [];
  const items = text.split(",").map((item) => item.trim());
  for (const item of items.filter((part) => part !== "")) {
    const root = rootIn(item);
    if (typeof root === "string") complaints.push(root);
    else roots.push(root);
  }
  return { roots, complaints: [...complaints, ...overlapsIn(roots)] };
}

/** As a person or a model reads them. */
export function rootWords(roots: readonly FileRoot[]): string {
  return roots
    .map(({ path, isWritable }) => (isWritable ? path : `${path} (read only)`))
    .join(", ");
}

/** Both are plain and absolute. */
export function isBelow(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}

export function overlapsIn(roots: readonly Pick<FileRoot, "path">[]): readonly string[] {
  return roots.flatMap(({ path }, at) =>
    roots
      .filter((other, place) => place !== at && isBelow(path, other.path))
      .filter((other, place) => other.path !== path || place > at)
      .map((other) =>
        other.path === path
          ? `it names ${path} twice`
          : `${path} lies in ${other.path}: name one of them`,
      ),
  );
}

/** The root, or what is wrong about it. */
function rootIn(item: string): FileRoot | string {
  const [, named = "", mode = ""] = /^(.*):(ro|rw)$/s.exec(item) ?? [];
  if (mode === "") return `${item} does not say ro or rw: it looks like /data:ro,/out:rw`;
  if (!named.startsWith("/")) return `${named} is no absolute path: it looks like /data:ro`;
  const path = named.replace(/\/+$/, "");
  if (path === "") return "it names /, the whole machine: name the folders that are meant";
  const steps = path.slice(1).split("/");
  if (steps.some((step) => /^\.{0,2}$/.test(step)) || /[\p{Cc}\p{Cf}]/u.test(path)) {
    return `${JSON.stringify(path)} is no plain path: name it without dots and odd characters`;
  }
  if (MACHINE.some((folder) => isBelow(path, folder))) {
    return `${path} is a part of the machine, and no folder of files`;
  }
  return { path, isWritable: mode === "rw" };
}
