// A card is as high as its row's highest; what comes late (.more) has its room from the start.
export const cards = `
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 12.5rem), 1fr)); gap: .9rem }
article { position: relative; min-width: 0; display: flex; flex-direction: column; background: var(--card); border: 1px solid var(--line); border-radius: .5rem; overflow: hidden; font-size: .82rem; padding-bottom: .6rem }
article > :not(.picture, .over) { margin-inline: .7rem }
.picture { aspect-ratio: 1; display: grid; place-items: center; background: var(--well) } .frame { position: relative; aspect-ratio: var(--aspect, 1); width: min(100%, 100% * var(--aspect, 1)) }
.frame img, .frame canvas { position: absolute; inset: 0; width: 100%; height: 100% } .heat { opacity: var(--opacity) } .frame .heat.flat { width: auto; aspect-ratio: 1; left: 50%; translate: -50% } .frame .heat.tall { height: auto; aspect-ratio: 1; top: 50%; translate: 0 -50% }
.over { position: absolute; top: .4rem; right: .4rem; display: flex; gap: .25rem } .over button { min-height: 1.5rem; padding: 0 .45rem; font-size: .74rem; opacity: .9 } .over button[disabled] { display: none }
@media (hover: hover) { .over { opacity: 0 } article:hover .over, article:focus-within .over { opacity: 1 } }
.score { display: flex; flex-wrap: wrap; align-items: baseline; gap: 0 .45rem; margin-top: .5rem } .cut { color: var(--soft); white-space: nowrap } .score b { font-size: 1.08rem; font-weight: 650 } .verdict { color: var(--good) } .missed .verdict, .alarm .verdict { color: var(--bad); font-weight: 600 } .unknown .verdict { color: var(--soft) }
article.missed, article.alarm { border-color: color-mix(in srgb, var(--bad) 55%, var(--line)) }
.names h3 { font-size: .82rem; font-weight: 500; margin: .1rem 0 0 } .names p, .rank, .more p { color: var(--soft); font-size: .78rem; overflow-wrap: anywhere } .names bdi { display: -webkit-inline-box; -webkit-box-orient: vertical; -webkit-line-clamp: 2; overflow: hidden; vertical-align: top }
.more { display: grid; gap: .15rem; min-height: 5.2rem; margin-top: .35rem; align-content: start } .more em { font-style: normal; color: var(--bad) }
.bar { display: flex; justify-content: space-between; gap: .5rem; min-width: 0; padding: .05rem .35rem; border-radius: .2rem; font-size: .78rem; background: linear-gradient(to right, var(--bar) var(--share), transparent var(--share)) } .bar bdi { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; min-width: 0 }
@media (max-width: 30rem) { .cards { grid-template-columns: repeat(2, minmax(0, 1fr)); gap: .6rem } article > :not(.picture, .over) { margin-inline: .5rem } }
`;
