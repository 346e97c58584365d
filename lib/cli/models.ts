// alfa models: what checkpoints are at hand, and what is in one.
import { Engine } from '../engine.js'
import { listModels } from '../models/locate.js'
import { print, printJson, safe } from './terminal.js'

export async function modelsList({ json }: { json?: boolean }): Promise<void> {
  const models = await listModels()
  if (json) return printJson(models)
  for (const { name, directory } of models) print(`${safe(name)}  ${safe(directory)}`)
}

export async function modelsInfo(model: string, { json }: { json?: boolean }): Promise<void> {
  await using engine = await Engine.open({ model })
  if (json) return printJson(engine.info)
  for (const [key, value] of Object.entries(engine.info)) print(`${key.padEnd(12)}  ${safe(String(value))}`)
}
