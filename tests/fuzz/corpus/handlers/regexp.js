// Code that runs in the middle of a match.
const r = /(a)(b)?/g;
r.lastIndex = { valueOf() { r.compile('(((x))))?'.slice(0, 7)); return 0 } };
try { r.exec('aab') } catch (e) {}
'aaa'.replace(/a/g, () => { RegExp.prototype.compile.call(r, 'b'); return '$1' });
class R extends RegExp {
    exec(s) { const m = super.exec(s); if (m) m.index = -1; return m }
    static get [Symbol.species]() { return function () { return /b/y } }
}
'ab'.replace(new R('a', ''), '$`$\'$1');
'abab'.split(new R('b'), { valueOf: () => 2 ** 32 + 1 });
/(?<=(\w)+)(?:a*)*?\1{0,3}(?!b)/giu.exec('aaAb');
