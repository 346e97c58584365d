/** A map of bounded size that forgets what was used longest ago. */
export class LruCache<K, V> {
	readonly #map = new Map<K, V>();
	constructor(readonly limit: number) {}

	get(key: K): V | undefined {
		const value = this.#map.get(key);
		if (value === undefined) return undefined;
		this.#map.delete(key);
		this.#map.set(key, value);
		return value;
	}

	set(key: K, value: V): void {
		this.#map.delete(key);
		this.#map.set(key, value);
		if (this.#map.size > this.limit)
			this.#map.delete(this.#map.keys().next().value!);
	}
}
