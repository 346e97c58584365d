// The text of an answer. OpenAI-compatible servers differ in the content type, the envelope and the place of the text;
// some stream although nobody asked for it.
import { isPlain } from "../options/validate.js";
import { tryParseJson } from "../util/json.js";

/** A complete response that does not have the form of a chat completion. */
export class InvalidCompletion extends Error {}

export interface Completion {
	/** Empty if the model wrote nothing. */
	text: string;
	/** The token counts, as the server reports them. Untrusted. */
	usage: unknown;
}

/** Throws InvalidCompletion if the body holds no answer of a model. */
export function readCompletion(body: string): Completion {
	const text = skipComments(body);
	if (text === "") throw new InvalidCompletion("it is empty");
	const value = tryParseJson(text);
	const found = value === undefined ? readStream(text) : readEnvelope(value);
	if (found) return found;
	if (value === undefined) throw new InvalidCompletion("it is not JSON");
	throw new InvalidCompletion(describeEnvelope(value));
}

/** Some servers write comment lines (": PROCESSING") while the model works. */
function skipComments(body: string): string {
	let text = body.trim();
	while (text.startsWith(":")) {
		const end = text.indexOf("\n");
		text = end < 0 ? "" : text.slice(end).trimStart();
	}
	return text;
}

/** One JSON object with an answer, or a list of one. */
function readEnvelope(value: unknown): Completion | undefined {
	if (Array.isArray(value)) {
		if (isListOfTexts(value))
			return { text: JSON.stringify(value), usage: undefined };
		return value.length === 1 ? readEnvelope(value[0]) : undefined;
	}
	if (!isPlain(value) || hasError(value)) return undefined;
	const usage = value["usage"];
	const texts = messagesOf(value).map(textOf);
	if (texts.length > 0) return { text: texts.find(Boolean) ?? "", usage };
	// The answer itself, without an envelope.
	const isAnswer = Object.values(value).some(isListOfTexts);
	return isAnswer ? { text: JSON.stringify(value), usage } : undefined;
}

const isListOfTexts = (value: unknown) =>
	Array.isArray(value) &&
	value.length > 0 &&
	value.every((each) => typeof each === "string");

const hasError = ({ error }: Record<string, unknown>) =>
	error !== undefined && error !== null && error !== false;

/**
 * The messages of an answer: chat completions, text completions, Ollama's own API, OpenAI's Responses, Anthropic,
 * Gemini. Empty for another envelope.
 */
function messagesOf(value: Record<string, unknown>): unknown[] {
	const { choices, candidates, output, message, response, content } = value;
	if (Array.isArray(choices)) {
		return choices
			.filter(isPlain)
			.map((choice) => choice["message"] ?? choice["delta"] ?? choice["text"])
			.filter((each) => typeof each === "string" || isPlain(each));
	}
	if (Array.isArray(candidates))
		return candidates.filter(isPlain).map((each) => each["content"]);
	if (Array.isArray(output)) return output.filter(isPlain);
	if (isPlain(message)) return [message];
	if (typeof response === "string") return [response];
	if (Array.isArray(content) && value["role"] !== undefined) return [value];
	return [];
}

/** Where a message may have its text, the best place first. */
const contentKeys = ["content", "parts", "text", "parsed"];
const reasoningKeys = ["reasoning_content", "reasoning", "thinking"];

function textOf(message: unknown): string {
	if (!isPlain(message)) return contentText(message);
	const texts = [
		...contentKeys.map((key) => contentText(message[key])),
		...toolArguments(message).map(contentText),
		...reasoningKeys.map((key) => contentText(message[key])),
	];
	return texts.find((text) => text.trim() !== "") ?? "";
}

/** A text, parts of a text, or an object that is already parsed. */
function contentText(content: unknown): string {
	if (typeof content === "string") return content;
	if (Array.isArray(content)) {
		if (isListOfTexts(content)) return JSON.stringify(content);
		return content.filter(isPlain).map(partText).join("");
	}
	return isPlain(content) ? JSON.stringify(content) : "";
}

function partText(part: Record<string, unknown>): string {
	if (part["type"] === "thinking" || part["type"] === "reasoning") return "";
	const { text, content, input } = part;
	if (typeof text === "string") return text;
	// Anthropic's tools have their arguments in `input`.
	return contentText(content ?? input);
}

/** The arguments of the functions that the model calls: texts of JSON, or objects. */
function toolArguments({
	tool_calls: calls,
	function_call: call,
}: Record<string, unknown>): unknown[] {
	const functions = Array.isArray(calls)
		? calls.map((each) => (isPlain(each) ? (each["function"] ?? each) : each))
		: [];
	return [...functions, call].filter(isPlain).map((each) => each["arguments"]);
}

/** Server-sent events ("data: {...}"), or one JSON object per line. */
function readStream(body: string): Completion | undefined {
	const lines = body
		.split(/\r?\n/)
		.map((line) => line.replace(/^data:/, "").trim())
		.filter((line) => line.startsWith("{"));
	const parts = lines.map(tryParseJson).filter(isPlain);
	// A text with a brace in it is no stream.
	if (parts.length === 0 || parts.length < lines.length) return undefined;
	const answers = parts.map(readEventPart);
	if (answers.every((answer) => answer === undefined)) return undefined;
	const text = answers.map((answer) => answer?.text ?? "").join("");
	const usage = answers.findLast((answer) => answer?.usage)?.usage;
	const reasoning = answers.map((answer) => answer?.reasoning ?? "").join("");
	return { text: text || reasoning, usage };
}

function readEventPart(
	event: Record<string, unknown>,
): { text: string; reasoning: string; usage: unknown } | undefined {
	if (hasError(event)) return undefined;
	const { choices, delta, usage } = event;
	const isEvent = Array.isArray(choices) || messagesOf(event).length > 0;
	// OpenAI's Responses stream texts, Anthropic streams { text }.
	const other = isPlain(delta) ? delta["text"] : delta;
	if (!isEvent && typeof other !== "string") return undefined;
	const messages = messagesOf(event).slice(0, 1);
	const fields = (keys: string[]) =>
		messages
			.flatMap((message) =>
				isPlain(message) ? keys.map((key) => contentText(message[key])) : [],
			)
			.join("");
	const plain = messages.filter((message) => typeof message === "string");
	const tools = messages
		.filter(isPlain)
		.flatMap(toolArguments)
		.map(contentText);
	const text = isEvent
		? [...plain, fields(contentKeys), ...tools].join("")
		: String(other);
	return { text, reasoning: fields(reasoningKeys), usage };
}

/** What came instead of an answer, for a message. */
function describeEnvelope(value: unknown): string {
	if (!isPlain(value)) return `it is the JSON of ${jsonKind(value)}`;
	if (hasError(value))
		return `it reports an error: ${errorText(value["error"])}`;
	if (Array.isArray(value["choices"])) return "choices[0].message is missing";
	const keys = Object.keys(value).slice(0, 8).join(", ");
	return `it has no choices, but ${keys ? `the keys ${keys}` : "no keys"}`;
}

function jsonKind(value: unknown): string {
	if (value === null) return "null";
	return Array.isArray(value) ? "an array" : `a ${typeof value}`;
}

function errorText(error: unknown): string {
	const message = isPlain(error) ? error["message"] : error;
	return typeof message === "string" ? message : JSON.stringify(error);
}
