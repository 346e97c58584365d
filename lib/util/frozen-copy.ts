/** A deep copy that cannot be changed. The caller's object, which may be a shared recipe, stays as it is. */
export function frozenCopy<T extends object>(value: T): T {
	const copy = structuredClone(value);
	freeze(copy);
	return copy;
}

function freeze(value: unknown): void {
	// A frozen object was reached before.
	if (typeof value !== "object" || value === null || Object.isFrozen(value))
		return;
	Object.freeze(value);
	Object.values(value).forEach(freeze);
}
