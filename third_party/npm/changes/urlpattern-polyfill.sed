# What isère changes in dist/urlpattern.cjs of urlpattern-polyfill, to have the
# standard's rules of 2026. scripts/get-npm applies it.

# Names of groups have characters beyond U+FFFF.
s/let i=e\.substr(s,1);/let i=String.fromCodePoint(e.codePointAt(s));/
s/{f+=e\[s++\];continue}break}/{f+=i,s+=i.length;continue}break}/
# js/web/url_pattern.js has these: a host name that is none was taken for
# "example.com", and both end where a URL's would.
s/function G(e){.*}a(G,/function G(e){return canonicalHost(e)}a(G,/
s/function Y(e){.*}a(Y,/function Y(e){return canonicalPort(e)}a(Y,/
# wss has a default port, too.
s/case"wws"/case"wss"/
# The tables of Unicode are there once, in the engine: js/web/url_pattern.js asks
# it, and 25 KB of regular expressions less are in the flash of a device.
s/ye=\/\[.*\]\/u,F=/ye={test:isNameStart},we={test:isNamePart},F=/
s/,o=\/\[\$_[^]]*\]\/u,/,o=we,/
