// Texts that are no descriptions: markup, addresses, code, instructions to people or models, an assistant's asides.

const markup =
	/[<>{}[\]|`\\^~#*=$@©®™_]|\p{Extended_Pictographic}|&#?\w+;|:\/\/|\bwww\.|\b(?:https?|ftp|file|data|javascript|mailto):|\.(?:com|org|net|io|html?|exe|sh|js)\b/iu;

const injected: readonly RegExp[] = [
	// instructions about instructions
	/\b(?:ignore|disregard|forget|override|bypass)\b.{0,40}\b(?:previous|prior|above|earlier|preceding|all|any|instructions?|prompts?|rules?)\b/i,
	/\b(?:system|developer) (?:prompt|message)\b|\b(?:new|following|these|my|your|previous) instructions?\b|\bjailbreak\b|\bprompt injection\b/i,
	// roles
	/\bas an? (?:ai|artificial intelligence|(?:large )?language model|llm|assistant|chatbot)\b|\byou are (?:now )?(?:an? |the )?(?:ai|assistant|chatbot|chatgpt|helpful|dan|model)\b/i,
	/(?:^|\s)(?:system|assistant|user|human|developer|tool)\s*:/i,
	// what a program or a thief would want
	/\b(?:api[ -]?keys?|passwords?|credentials?|secret keys?|access tokens?|environment variables?)\b|\b(?:sudo|rm -rf|chmod)\b|\b(?:curl|wget) -|\b(?:eval|exec|system) ?\(/i,
	// refusals and asides
	/\bi(?:['’]?m| am) (?:sorry|unable|not able)\b|\bi (?:cannot|can['’]?t|won['’]?t|apologi[sz]e)\b|\b(?:here are|sure,|certainly[,!]|of course,|hope this helps|let me know)/i,
	// the question come back
	/\bhow to identify\b|\bstate the description\b|\bbeginning with\b|\bdifferent (?:descriptions|short phrases)\b|\bone plain sentence\b|\bwithout explanations\b|\banswer with\b|\buseful descriptions for\b/i,
];

/** Angle brackets, braces, addresses, entities, pictographs: what a description in words has no use for. */
export const isMarkup = (text: string) => markup.test(text);

/** Text that speaks to a model, a program or a person instead of describing; also the question's own words. */
export const isInstruction = (text: string) =>
	injected.some((pattern) => pattern.test(text));
