// Folders that are gone after the test file that asked for them.
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import { fixture } from './paths.js'

const made: string[] = []

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'alfa-test-'))
  made.push(folder)
  return folder
}

/** A copy of a tiny checkpoint, to be spoilt. */
export function copyOf(model: string): string {
  const folder = temporaryFolder()
  cpSync(fixture(model), folder, { recursive: true })
  return folder
}

afterAll(() => { for (const folder of made.splice(0)) rmSync(folder, { recursive: true, force: true }) })
