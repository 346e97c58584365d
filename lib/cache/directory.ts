// Where things are kept between runs: ALFA_CACHE where set, else the platform's cache folder for alfa-vad.
import { randomUUID } from 'node:crypto'
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import envPaths from 'env-paths'

export function cacheDirectory(): string {
  return process.env['ALFA_CACHE'] || envPaths('alfa-vad', { suffix: '' }).cache
}

/** Writes the file whole or not at all: readers, and writers beside this one, never see a part. */
export async function writeWhole(file: string, data: string | Uint8Array): Promise<void> {
  const folder = dirname(file)
  await mkdir(folder, { recursive: true })
  const temporary = join(folder, `.${randomUUID()}.tmp`)
  try {
    await writeFile(temporary, data)
    await rename(temporary, file)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}
