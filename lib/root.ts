import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The package's own folder: the parent of lib/ as of dist/. */
export const packageRoot = join(dirname(fileURLToPath(import.meta.url)), '..')
