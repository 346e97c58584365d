// The style sheet of the page. Each colour has a name with a light and a dark value; the rules use only the names.
import { cards } from "./cards.js";
import { charts } from "./charts.js";
import { controls } from "./controls.js";
import { layout } from "./layout.js";
import { print } from "./print.js";
import { tables } from "./tables.js";

const lightColours = /* css */ `
	--ink: #1b1d21;
	--soft: #5b6470;
	--page: #f5f6f8;
	--card: #fff;
	--well: #eceff3;
	--line: #dfe3e8;
	--rule: #c3c9d1;
	--bad: #c2341d;
	--good: #1f7a45;
	--bar: #f6d9d2;
	--accent: #2459a8;
	--tint: #e6eefa;
	--series-0: #2459a8;
	--series-1: #c2541d;
	--series-2: #25804f;
	--series-3: #8446a0;
	--series-4: #977305;
	--series-5: #0c7f8a;
	--series-6: #b0336a;
	--series-7: #606873;
`;
const darkColours = /* css */ `
	--ink: #e8e8ea;
	--soft: #a0a8b3;
	--page: #17191d;
	--card: #22252b;
	--well: #1b1e23;
	--line: #363b44;
	--rule: #4d5460;
	--bad: #ff8a70;
	--good: #6fd39b;
	--bar: #55332c;
	--accent: #86b4f5;
	--tint: #26344a;
	--series-0: #7aabf0;
	--series-1: #f09a66;
	--series-2: #6fd39b;
	--series-3: #c899e0;
	--series-4: #dfbe50;
	--series-5: #5fcbd6;
	--series-6: #ef88b2;
	--series-7: #a9b0bb;
`;

export const style = /* css */ `
:root {
	color-scheme: light dark;
	${lightColours}
}
@media screen and (prefers-color-scheme: dark) {
	:root {
		${darkColours}
	}
}
${layout}${tables}${controls}${charts}${cards}${print}`;
