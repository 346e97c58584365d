// alfa models pull and verify: progress on stderr, one line that is drawn over where a terminal listens, else one a file.
import { InvalidArgumentError, type Command } from 'commander'
import { argumentError } from '../errors.js'
import { knownModels } from '../models/known.js'
import { pullModel } from '../models/pull.js'
import type { PullProgress } from '../models/pull-options.js'
import { verifyModels, type Verdict } from '../models/verify.js'
import { jsonOption } from './options.js'
import { colour, note, print, printJson, safe } from './terminal.js'

interface PullFlags { revision?: string; endpoint?: string; sha256?: Record<string, string>; refresh?: boolean; json?: boolean }

function addHash(text: string, before: Record<string, string> = {}): Record<string, string> {
  const [, file, hash] = /^([^=]+)=([0-9a-fA-F]{64})$/.exec(text) ?? []
  if (file === undefined || hash === undefined) throw new InvalidArgumentError('Expected FILE=HASH, the hash as 64 hexadecimal digits.')
  return { ...before, [file]: hash }
}

/** Adds `pull` and `verify` to `alfa models`; `done` gets the exit status. */
export function pullCommands(models: Command, done: (status: number) => void): void {
  models.command('pull').description('downloads a checkpoint from the Hugging Face hub and checks it; continues what an earlier try left')
    .argument('<name>', `${knownModels.slice(0, 3).map(({ name }) => name).join(', ')}, ... (see alfa models list), or owner/name on the hub`)
    .option('--revision <revision>', 'branch, tag or commit (default: main)')
    .option('--endpoint <url>', 'address of the hub (default: HF_ENDPOINT, else https://huggingface.co)')
    .option('--sha256 <file=hash>', 'also check that file against this SHA-256; may be given several times', addHash)
    .option('--refresh', 'ask the hub even where the model is in the cache').addOption(jsonOption())
    .action(async (name: string, flags: PullFlags) => done(await pull(name, flags)))
  models.command('verify').description('reads the files of pulled checkpoints again and compares them with their hashes; exits 1 where one is damaged')
    .argument('[name]', 'a pulled model (default: all)').addOption(jsonOption())
    .action(async (name: string | undefined, flags: { json?: boolean }) => done(await verify(name, flags)))
}

async function pull(name: string, { json, ...options }: PullFlags): Promise<number> {
  const line = new ProgressLine()
  const stopped = new AbortController()
  const stop = () => stopped.abort()  // once: a second Ctrl-C ends the process as ever
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, stop)
  try {
    const model = await pullModel(name, { ...options, signal: stopped.signal, onProgress: (progress) => line.show(progress) })
    line.end()
    if (json) printJson(model)
    else print(`${safe(model.name)}  ${safe(model.directory)}`)
    note(model.cached ? 'It was there before; --refresh asks the hub for a newer one' : `${safe(model.repo)} at ${model.commit}, whole and checked`)
    return 0
  } catch (error) {
    line.end()
    if (!stopped.signal.aborted || error !== stopped.signal.reason) throw error
    note('alfa: stopped; what came is kept, run it again to go on')
    return 1
  } finally {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, stop)
  }
}

async function verify(name: string | undefined, { json }: { json?: boolean }): Promise<number> {
  if (name?.trim() === '') throw argumentError("Expected a model's name but received an empty one")
  const verdicts: Verdict[] = []
  for await (const verdict of verifyModels(name)) {
    verdicts.push(verdict)
    const { model, file, problem } = verdict
    if (!json) print(`${problem === undefined ? colour('green', 'ok') : colour('red', 'no')}  ${safe(model)}  ${safe(file)}${problem === undefined ? '' : ` ${safe(problem)}`}`)
  }
  if (json) printJson(verdicts)
  else if (verdicts.length === 0) note('No model was pulled, so there is nothing to verify')
  const damaged = new Set(verdicts.filter(({ problem }) => problem !== undefined).map(({ model }) => model))
  for (const model of damaged) note(`alfa: get what is damaged again: alfa models pull ${safe(model)} --refresh`)
  return damaged.size > 0 ? 1 : 0
}

const size = (bytes: number) => (bytes < 1e3 ? `${bytes} bytes` : bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} kB` : bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(2)} GB`)

class ProgressLine {
  readonly #drawn = process.stderr.isTTY === true && process.env['TERM'] !== 'dumb'
  #told = ''  // the last line for those who read no drawing
  #open = false

  show({ file, received, total }: PullProgress): void {
    const share = total === 0 ? 100 : Math.floor(100 * received / total)
    if (this.#drawn) {
      process.stderr.write(`\r\u001b[K${safe(file)}  ${share} %  ${size(received)} of ${size(total)}`)
      this.#open = true
      if (received === total) this.end()
    } else {
      const line = `${safe(file)}  ${size(total)}${received === total ? '  here' : received > 0 ? `, going on from ${size(received)}` : ''}`
      const worthIt = received === total || ((received > 0 || total >= 1e6) && !this.#told.startsWith(file))
      if (worthIt) note(line)
      this.#told = line
    }
  }

  end(): void {
    if (this.#open) process.stderr.write('\n')
    this.#open = false
  }
}
