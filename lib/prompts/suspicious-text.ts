// Recognises texts of a language model that do not describe an image: markup, addresses, code,
// instructions, remarks.

const markup: readonly RegExp[] = [
	/[<>{}[\]|`\\^~#*=$@©®™_]|\p{Extended_Pictographic}|&#?\w+;/iu,
	/:\/\/|\bwww\.|\b(?:https?|ftp|file|data|javascript|mailto):/iu,
	/\.(?:com|org|net|io|html?|exe|sh|js)\b/iu,
];

const instructions: readonly RegExp[] = [
	// Instructions about instructions.
	new RegExp(
		"\\b(?:ignore|disregard|forget|override|bypass)\\b.{0,40}" +
			"\\b(?:previous|prior|above|earlier|preceding|all|any|instructions?|prompts?|rules?)\\b",
		"i",
	),
	/\b(?:system|developer) (?:prompt|message)\b|\bjailbreak\b|\bprompt injection\b/i,
	/\b(?:new|following|these|my|your|previous) instructions?\b/i,
	// Roles.
	/\bas an? (?:ai|artificial intelligence|(?:large )?language model|llm|assistant|chatbot)\b/i,
	/\byou are (?:now )?(?:an? |the )?(?:ai|assistant|chatbot|chatgpt|helpful|dan|model)\b/i,
	/(?:^|\s)(?:system|assistant|user|human|developer|tool)\s*:/i,
	// Secrets and shell commands.
	/\b(?:api[ -]?keys?|passwords?|credentials?|secret keys?|access tokens?)\b/i,
	/\benvironment variables?\b|\b(?:sudo|rm -rf|chmod)\b|\b(?:curl|wget) -/i,
	/\b(?:eval|exec|system) ?\(/i,
	// Refusals and remarks.
	/\bi(?:['’]?m| am) (?:sorry|unable|not able)\b/i,
	/\bi (?:cannot|can['’]?t|won['’]?t|apologi[sz]e)\b/i,
	/\b(?:here are|sure,|certainly[,!]|of course,|hope this helps|let me know)/i,
	// Words of our own questions.
	/\bhow to identify\b|\bstate the description\b|\bbeginning with\b|\banswer with\b/i,
	/\bdifferent (?:descriptions|short phrases)\b|\buseful descriptions for\b/i,
	/\bone plain sentence\b|\bwithout explanations\b/i,
];

/** Brackets, addresses, entities and pictographs, which a description in words does not need. */
export const isMarkup = (text: string) =>
	markup.some((pattern) => pattern.test(text));

/**
 * A text that speaks to a model, a program or a person instead of describing an image, or that repeats
 * our question.
 */
export const isInstruction = (text: string) =>
	instructions.some((pattern) => pattern.test(text));
