#include "preview_page.hpp"

namespace cardstock::http {
namespace {

constexpr std::string_view kStyle =
    R"css(:root{color-scheme:light dark;--paper:#fff;--desk:#f3f4f6;--ink:#1b1f24;--soft:#57606a;--line:#d0d7de;--link:#0a4fb3;--good:#116329;--bad:#a40e26;--open:#7a4d00}
@media(prefers-color-scheme:dark){:root{--paper:#161b22;--desk:#0d1117;--ink:#e6edf3;--soft:#9aa4af;--line:#30363d;--link:#79b8ff;--good:#56d364;--bad:#ff938a;--open:#e3b341}}
*{box-sizing:border-box}
body{margin:0;background:var(--desk);color:var(--ink);font:1rem/1.5 system-ui,sans-serif;overflow-wrap:anywhere}
header,main,footer{max-width:60rem;margin:0 auto;padding:1rem}
h1{font-size:1.25rem;margin:0}
h2{font-size:1.25rem;margin:0 0 .5rem}
h3{font-size:1rem;margin:0;display:inline}
p{margin:.25rem 0}
a{color:var(--link)}
:focus-visible{outline:3px solid var(--link);outline-offset:2px}
.skip{position:absolute;left:-100rem}
.skip:focus{left:1rem;top:.5rem;background:var(--paper);padding:.5rem}
.soft,.count,dt{color:var(--soft)}
.count{font-weight:400}
form{display:flex;flex-wrap:wrap;gap:.75rem;align-items:end;margin-top:.75rem}
label{display:grid;gap:.15rem;color:var(--soft)}
.wide{flex:1 1 14rem}
select,input,button{font:inherit;color:var(--ink);background:var(--paper);border:1px solid var(--soft);border-radius:.3rem;padding:.45rem .6rem;min-height:2.75rem;width:100%}
button{width:auto;cursor:pointer;font-weight:600}
article,.beside,footer nav{background:var(--paper);border:1px solid var(--line);border-radius:.5rem;padding:1rem;margin-bottom:1rem}
dl{margin:0}
dl>div{display:grid;grid-template-columns:minmax(9rem,16rem) 1fr;gap:0 1rem;padding:.3rem 0;border-bottom:1px solid var(--line)}
dd{margin:0}
section,details{padding:.6rem 0;border-bottom:1px solid var(--line)}
summary{cursor:pointer;padding:.35rem 0}
ul{margin:.25rem 0 0;padding-left:1.25rem}
.rows{list-style:none;padding:0}
.rows>li{padding:.5rem 0 .5rem .75rem;border-left:3px solid var(--line);margin-top:.5rem}
.rows dl>div{border:0;padding:.05rem 0;grid-template-columns:minmax(7rem,9rem) 1fr}
.fault{border-left:4px solid var(--bad);padding:.25rem .75rem;margin:.5rem 0}
.met{color:var(--good)}
.unmet{color:var(--bad)}
.unknown{color:var(--open)}
footer ul{columns:9rem;list-style:none;padding:0}
footer li{padding:.3rem 0}
@media(max-width:34rem){header,main,footer{padding:.75rem}dl>div{grid-template-columns:1fr}.rows dl>div{grid-template-columns:7.25rem 1fr;gap:0 .5rem}.rows>li{padding-left:.5rem}}
)css";

}  // namespace

const std::string_view kPreviewHeaders =
    "Content-Security-Policy: default-src 'none'; style-src "
    "'sha256-ceksQklj/0JgI9SHQe3CP13TR3aELGUSkwlJeGhzyNw='; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'\r\nReferrer-Policy: no-referrer\r\nX-Frame-Options: DENY\r\n";

std::string_view preview_style() noexcept {
  return kStyle;
}

}  // namespace cardstock::http
