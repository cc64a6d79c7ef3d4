// Small programs that touch every built-in, for tests/unit/code/test_engine_faults.c:
// each is run with every allocation of it failing. The runner gives them gc()
// and detach(buffer), and runs the jobs that a program leaves. What they return
// does not matter. A script, not a module: some programs are in sloppy mode.
globalThis.programs = {
  object: () => { let o={a:1,b:2}; for(let i=0;i<40;i++) o['k'+i]=i; delete o.k3;
    return Object.keys(o).length },
  getset: () => { let o={get x(){return 1}, set x(v){}}; Object.defineProperty(o,'y',{get(){
    return 2},configurable:true}); Object.defineProperty(o,'y',{value:3}); return o.y },
  descriptors: () => { let o={a:1,get b(){return 2}}; Object.defineProperties(o,
    Object.getOwnPropertyDescriptors({c:3}));
    return Object.entries(o).length + Object.getOwnPropertySymbols(o).length },
  assign: () => Object.assign({}, {a:1,[Symbol('x')]:2}, 'ab', [1,2]),
  spread: () => ({...{a:1,b:[1,2,3]}, ...[1,2]}),
  freeze: () => { let a=[1,2,3]; Object.freeze(a); Object.isFrozen(a); let o={x:1};
    Object.seal(o); Object.preventExtensions([1]); return o },
  fromEntries: () => Object.fromEntries([['a',1],['b',2],[1,3]]),
  groupBy: () => [Object.groupBy([1,2,3,4], x=>x%2?'odd':'even'), Map.groupBy([1,2,3,4], x=>x%2)],
  array: () => { let a=[]; for(let i=0;i<50;i++) a.push(i); a.unshift(1,2,3); a.splice(3,2,'a',
    'b','c'); a.length=10; a[20]=1; return a.concat([1,2],3).slice(2,5) },
  arrayCopies: () => { let a=[3,1,2]; return [a.with(1,5),a.toSorted(),a.toReversed(),
    a.toSpliced(1,1,7,8),a.toSorted((x,y)=>x-y)] },
  arraySlow: () => { let a=[1,2,3]; a[1000]=1; Object.defineProperty(a,1,{get(){return 5}});
    return [a.map(x=>x).length,a.filter(x=>x).length,a.reverse().length, a.toSorted().length,
    a.with(2,1).length] },
  arrayFrom: () => [Array.from('abc'), Array.from({length:3},(x,i)=>i), Array.of(1,2,3),
    Array.from(new Set([1,2]))],
  arrayIter: () => { let r=[]; for (let [i,v] of [1,2,3].entries()) r.push(i,v); for (let k of [1,
    2].keys()) r.push(k); return r },
  arrayFn: () => { let a=[1,2,3,4]; return [a.flatMap(x=>[x,x]),a.flat(2),[[1,[2]]].flat(2),
    a.find(x=>x>2),a.findLast(x=>x>2),a.reduce((x,y)=>x+y),a.join('-'),a.indexOf(3),a.includes(3),
    a.some(x=>x>3),a.every(x=>x>0),a.fill(0,1,2),a.copyWithin(0,2), String(a),
    a.toLocaleString()] },
  sort: () => { let a=[5,3,1,{toString(){return '2'}},'x',undefined]; a.sort(); return [3,1,
    2].sort((a,b)=>a-b) },
  destructure: () => { let {a,...r}={a:1,b:2,c:3}; let [x,...y]='hello'; let {z=[1,2].map(x=>x)}={
    }; return [r,y,z] },
  classes: () => { class A { #p=1; static s=2; get p(){return this.#p} static { this.t=3 } m(){
    return 'm'} } class B extends A { constructor(){super(); this.q=super.m()} #x(){return 1} y(){
    return #x in this} } return [new B().p,new B().y(),A.t] },
  classComputed: () => { let n='abc'; class A { [n+'d']=1; static [n](){
    return 1} get [Symbol.toStringTag](){return 'T'} } return String(new A()) },
  closure: () => { let fs=[]; for(let i=0;i<5;i++) fs.push(()=>i++); return fs.map(f=>f()) },
  args: function(){ function f(a,b){ arguments[0]=9; return [a,arguments.length,
    ...arguments] } function g(a,b){ 'use strict'; return arguments } return [f(1,2,3), g(1,2,
    3)] },
  bind: () => { function f(a,b,c){return [this.x,a,b,c]} let g=f.bind({x:1},2,3); return [g(4),
    new (class{}.bind())(), g.name, f.call({},1), f.apply({},[1,2]), Reflect.construct(f,[1])] },
  generator: () => { function* g(a){ try { let x=yield a; yield* [x,2,3]; } finally {
    yield 5 } } let r=[]; let it=g(1); r.push(it.next(),it.next(7),it.next(),it.return(3),
    it.next()); return r },
  genMany: () => [...(function*(){ for(let i=0;i<10;i++) yield {i} })()],
  genClosure: () => { function* g(){ let a=1; let f=()=>a++; yield f; yield f(); } let it=g();
    let f=it.next().value; f(); let v=it.next(); return f() },
  async: () => { let r=[]; (async()=>{ try { await 1; r.push(await Promise.resolve(2));
    await Promise.reject(3) } catch(e) { r.push(e) } })(); return r },
  asyncGen: () => { async function* g(){ try { yield 1; yield* [2,3]; await 4; } finally {
    await 5 } } (async()=>{ for await (let x of g()) { if (x==3) break } })(); let it=g();
    it.next(); it.return(5); it.next(); it.throw(7).catch(()=>{}); return 1 },
  asyncFor: () => { (async()=>{ for await (let x of [1,Promise.resolve(2)]) ; })(); return 1 },
  promise: () => { Promise.all([1,Promise.resolve(2)]).then(x=>x);
    Promise.race([1]).finally(()=>1); Promise.any([Promise.reject(1)]).catch(e=>e.errors);
    Promise.allSettled([1,Promise.reject(2)]).then(x=>x); Promise.withResolvers(); new Promise((a,
    b)=>{b(1)}).catch(()=>{}); Promise.resolve({then(r){r(1)}}); return 1 },
  map: () => { let m=new Map(); for(let i=0;i<40;i++) m.set(i%2?i:'k'+i,{i}); m.delete(3);
    for (let [k,v] of m) ; m.forEach((v,k)=>{}); m.clear(); return new Map([[1,2],[3,4]]).size },
  set: () => { let s=new Set([1,2,3,'x',{}]); s.add(5); for (let i=0;i<20;i++) s.add('s'+i);
    return [...s.entries()].length },
  weak: () => { let w=new WeakMap(), s=new WeakSet(); let ks=[]; for(let i=0;i<20;i++){ let k={};
    w.set(k,i); s.add(k); if (i%2) ks.push(k) } w.set(Symbol('x'),1); gc(); return w.has(ks[0]) },
  weakref: () => { let r=new WeakRef({a:1}); gc(); return r.deref() },
  finreg: () => { let f=new FinalizationRegistry(()=>{}); let t={}; for (let i=0;i<5;
    i++) f.register({i},'held'+i,t); f.register({},{a:1}); f.register(Symbol('q'),1); gc();
    f.unregister(t); return 1 },
  finregGc: () => { let f=new FinalizationRegistry(()=>{}); for (let i=0;i<5;i++) f.register({i},{
    i}); gc(); let o=[]; for (let i=0;i<10;i++) o.push({i}); return o },
  symbols: () => { let s=Symbol('d'); Symbol.for('reg'); return [s.toString(), s.description,
    Symbol.keyFor(Symbol.for('reg')), {[s]:1}[s]] },
  proxy: () => { let p=new Proxy({a:1,b:2},{ get(t,k,r){return Reflect.get(t,k,r)}, has(t,k){
    return k in t}, ownKeys(t){return Reflect.ownKeys(t)}, getOwnPropertyDescriptor(t,k){
    return Reflect.getOwnPropertyDescriptor(t,k)}, set(t,k,v){t[k]=v;return true},
    deleteProperty(t,k){return delete t[k]}, defineProperty(t,k,d){
    return Reflect.defineProperty(t,k,d)} }); p.c=3; delete p.a; Object.defineProperty(p,'z',{
    value:1,configurable:true}); return [Object.keys(p), 'b' in p, JSON.stringify(p), {...p}] },
  proxyFn: () => { let p=new Proxy(function(){},{apply(t,th,a){return a}, construct(t,a){return {
    a}}}); let {proxy,revoke}=Proxy.revocable({},{}); revoke(); try { proxy.x } catch {
    } return [p(1),new p(2)] },
  reflect: () => [Reflect.ownKeys({a:1,[Symbol()]:2}), Reflect.apply((...a)=>a,null,[1,2]),
    Reflect.getOwnPropertyDescriptor({a:1},'a'), Reflect.set({},'a',1), Reflect.defineProperty({},
    'a',{value:1})],
  json: () => { let s=JSON.stringify({a:[1,2,{b:'x\ny'}],c:null,d:1.5,e:new Date(0),f:'é'},null,
    2); return [JSON.parse(s,(k,v)=>v), JSON.stringify([1,{a:2}],(k,v)=>v,'--'), JSON.stringify({
    a:1,b:2},['a']), JSON.parse('{"__proto__":1,"a":[1,2,3,"\\u0041"]}')] },
  string: () => { let s='hello world'; return [s.split(' '),s.replace('o',x=>x+x),
    s.replaceAll('o','0'),s.padStart(20,'ab'),s.repeat(3),s.toUpperCase(),s.slice(1,3),s.at(-1),
    [...s],s.normalize('NFD'),s.localeCompare('x'),s.concat(1,2,3),s.trim(),s.match(/o/g),
    s.search('w'),s.charAt(1),s.codePointAt(1),String.raw`a${1}b`,String.fromCodePoint(128512),
    s.isWellFormed(),s.toWellFormed(),s.substring(2), s.link('x')] },
  wide: () => { let s='h€llo 😀'; return [s.split(''),s.toUpperCase(),[...s],s.normalize('NFKD'),
    encodeURIComponent(s),decodeURIComponent('%E2%82%AC'),escape(s),unescape('%u20ac'),s+s+s,
    s.replace(/./gu,x=>x+'!')] },
  rope: () => { let s=''; for(let i=0;i<300;i++) s+='abcdefghijklmnopqrstuvwxyz0123456789'+i;
    let t='x'.repeat(9000); let u=t+s; for (let i=0;i<20;i++) u=u+t.slice(i)+i; return [u.length,
    u.charCodeAt(5000),u==u+'',u.slice(9000,9010), {[u]:1}[u], u < s] },
  concat: () => { let s='a'; s+=1; s+=1.5; s+=null; s+=undefined; s+={toString(){return 'q'}};
    s+='€'; return s+[1,2] },
  template: () => { let tag=(s,...v)=>s.raw.join('|')+v; return tag`a${1}b${2}c`+`x${[1,2]}y` },
  number: () => [1.5.toFixed(2),(255).toString(16),(1e21).toString(),1.25.toString(2),
    (123.456).toPrecision(4),(0.1).toExponential(3),parseFloat('1.5e3'),parseInt('ff',16),
    Number('0x10'),(12345.678).toLocaleString()],
  bigint: () => { let a=3n**200n, b=7n**90n; return [a*b,a/b,a%b,a-b,-a,a<<70n,a>>70n,a&b,a|b,a^b,
    ~a,a.toString(16),a.toString(),a.toString(7),BigInt('0x'+'f'.repeat(50)),
    BigInt('9'.repeat(100)),BigInt.asIntN(70,a),BigInt.asUintN(70,-a),BigInt(2**80),Number(a),
    a==b,a<b,a>1.5, typeof a, -(2n**64n)] },
  regexp: () => { let r=/(?<y>\d{4})-(?<m>\d\d)/dgi; let m=r.exec('on 2024-05 and 2025-06');
    return [m.groups.y,m.indices,[...'a1b2c3'.matchAll(/[a-z](\d)/g)].map(x=>x[1]),
    'x-y'.split(/(-)/),/a|b|(c)/.test('zzc'),'aBc'.replace(/b/i,'[$&$`$\']'),
    new RegExp('[\\u{1F600}-\\u{1F64F}]','u').test('😀'),/(?<=a)b/.exec('ab'),
    /(a+)+\1/.exec('aaaaaa'),/\p{Lu}/u.exec('aB'),String(/x/g),/a/y.sticky] },
  regexpBig: () => { let r=new RegExp('('.repeat(20)+'a*'+')'.repeat(20));
    return [r.exec('a'.repeat(200))[0].length, /(?:a|b|ab)*c/.exec('ab'.repeat(50)+'c').index,
    /(.*)(.*)(.*)x/.exec('y'.repeat(30))] },
  regexpSub: () => { class R extends RegExp { exec(s){ let m=super.exec(s);
    return m } } return 'abcabc'.replace(new R('b','g'),
    x=>x+'!') + new R('b')[Symbol.split]('abc') },
  date: () => { let d=new Date(2020,1,29,12,30); d.setFullYear(2021); return [d.toISOString(),
    String(d),d.toJSON(),Date.UTC(2020,1),new Date('2020-01-01T00:00:00Z').getTime(),
    d.toLocaleDateString(),d.toUTCString(),Date.parse('Tue Mar 01 2022'),d.toLocaleTimeString()] },
  typed: () => { let a=new Uint8Array([3,1,2]); let b=new Float64Array(a);
    let d=new DataView(new ArrayBuffer(16)); d.setFloat64(0,1.5); d.setBigInt64(8,5n);
    return [a.sort(),a.sort((x,y)=>y-x),a.map(x=>x+1),a.filter(x=>x>1),a.slice(1),a.subarray(1),
    a.toSorted(),a.toReversed(),a.with(0,9),Uint8Array.from([1,2,3],x=>x*2),Uint16Array.of(1,2),
    a.join(),b.set([1,2]),[...a.entries()],new BigInt64Array(2).fill(3n),d.getFloat64(0),
    a.buffer.slice(1),new Uint8Array(a.buffer,1,2),new Int32Array({length:2,0:1}),
    new Uint8Array(new Set([1,2])), new Float32Array(3).fill(1.5).at(-1)] },
  structured: () => { let e=new Error('m',{cause:1}); return [e.stack,e.cause,
    new AggregateError([1,2],'x').errors,String(new TypeError('t')), new RangeError] },
  errors: () => { let r=[]; for (let f of [()=>null.x,()=>undefinedVar,()=>{throw new Error('x')},
    ()=>(1)(),()=>new (()=>1),()=>Symbol()+'',()=>1n+1,()=>{'use strict';
    Object.freeze([1]).push(2)},()=>[].reduce((a,b)=>a),()=>'x'.repeat(-1),()=>new Array(-1),
    ()=>JSON.parse('{bad'),()=>new RegExp('('),()=>decodeURIComponent('%'),()=>{let x=y; let y=1},
    ()=>{class A{constructor(){this.#x} #x} A.prototype.m.call({})},()=>({}).x.y]) try {
    f() } catch(e) { r.push(e.message) } return r },
  recursion: () => { let f=()=>f(); try { f() } catch(e) { return e.message } },
  forIn: () => { let r=[]; for (let k in {a:1,b:2,__proto__:{c:3}}) r.push(k); for (let k in [1,
    2]) r.push(k); for (let k in 'ab') r.push(k); return r },
  withEval: function(){ return new Function('a','b','with(a){ var c=b; return x+c }')({x:1},
    2) + eval('var q=1; let z=2; q+z') },
  iterators: () => { let it={ [Symbol.iterator]() { let i=0; return { next(){ return {value:i,
    done:i++>3} }, return(){ return {} } } } }; let [a,b]=it; for (let x of it) {
    if (x==1) break } return [a,b,...it, new Map(Object.entries({a:1})), Math.max(...it)] },
  labels: () => { let r=0; outer: for (let i=0;i<3;i++) { try { for (let j=0;j<3;j++) {
    if (j==1) continue outer; if (i==2) break outer; r++ } } finally { r+=10 } } switch(r) {
    case 21: r++; default: r++ } return r },
  globals: () => { globalThis.temporary=1; delete globalThis.temporary; return [typeof globalThis,
    isNaN('x'), encodeURI('a b'), decodeURI('a%20b')] },
  math: () => [Math.max(1,2,{valueOf(){return 3}}),Math.hypot(1,2,3),Math.fround(1.5),
    Math.clz32(1),Math.imul(3,4)],
  boxed: () => [new String('abc').length,Object('x')[0],new Number(1)+1,Object(1n)+1n,
    Object(Symbol('q')).description,Object.getOwnPropertyNames('ab'),Object(true)],
  fnString: () => { function foo(a){return a} return [String(foo),foo.name,foo.length,
    String(class A{}),(()=>{}).toString(),Function.prototype.toString.call(Math.max)] },
  species: () => { class A extends Array {} let a=A.from([1,2,3]); class T extends Uint8Array {
    } class Q extends Promise {} Q.resolve(1).then(()=>{}); return [a.map(x=>x),a.filter(x=>x),
    a.concat([1]),a.slice(1),a.splice(0,1),new T(3).map(x=>x),new T([1,2]).subarray(1)] },
  getters: () => { class A { static get x(){return 1} get y(){return 2} set y(v){} static #z=1;
    static get w(){return A.#z} } return [A.x,new A().y,A.w,
    Object.getOwnPropertyNames(A.prototype)] },
  callback: () => Promise.resolve().then(() => Promise.resolve(1)).then(() => {}),
  atoms: () => { let o={}; for (let i=0;i<60;i++) o['prop_'+i+'_'+(i*7)]=i;
    return Object.keys(o).map(k=>k.toUpperCase()).length },
  manyArgs: () => { let a=new Array(300).fill(1);
    return Math.max(...a)+((...x)=>x.length)(...a)+String.fromCharCode(...a).length },
  setProto: () => { let o=Object.create({x:1},{y:{value:2,enumerable:true}});
    Object.setPrototypeOf(o,Array.prototype); o.__proto__={z:1}; return [o.z,o instanceof Object,
    Object.getPrototypeOf(o), Object.create(null)] },
  big_frame: () => bigGen(),
  uncaught_in_job: () => { Promise.resolve().then(()=>{ throw new Error('x') }).catch(()=>{});
    (async()=>{ throw [1] })().catch(()=>{}); return 1},
  dateStrings: () => [new Date(NaN)+'', Date.prototype[Symbol.toPrimitive].call(new Date(0),
    'number'), new Date(0).toString()],
  arrayBuffer: () => { let b=new ArrayBuffer(8); let v=new Uint8Array(b); detach(b);
    return [v.length, b.byteLength] },
  nestedTry: () => { try { try { throw {a:1} } finally { [1,2].map(x=>({x})) } } catch(e) {
    return e.a } },
  optional: () => { let o={a:{b:()=>[1]}}; return [o?.a?.b?.()[0],o.x?.y,o.a?.['b']] },
  computed: () => { let k='x'; return {[k+1]:1,[k](){return 2},get [k+2](){return 3},
    ['__proto__']:4,async *[k+3](){},} },
  logical: () => { let a=null,b={x:0}; a??=[1]; b.x||=2; b.y&&=3; return [a,b] },
  fgen: () => { let s='function* g(){ '; for (let i=0;i<200;i++) s+='let v'+i+'='+i+';';
    return s.length },
  mapCopy: () => new Map(new Map([[{},1],['x'.repeat(50),2],[1n**3n,4],[NaN,5],[10n**40n,
    6]])).get(10n**40n),
  ropeKey: () => { let r='x'.repeat(5000)+'y'.repeat(5000); let m=new Map([[r,1]]);
    return [m.get('x'.repeat(5000)+'y'.repeat(5000)), {[r+'z']:1}, new Set([r+'q']).has(r+'q'),
    r.indexOf('y'), r===('x'.repeat(5000)+'y'.repeat(5000)), [r+'a'].includes(r+'a'),
    r.split('y').length, JSON.stringify(r).length, r.replace('y','z').length,
    Symbol(r+'t').description.length, parseInt(r), Number(r+'1'),
    BigInt('1'.repeat(300)+'2'.repeat(300)), new RegExp(r+'b').source.length] },
  sliceDeep: () => { let a=[[1,[2,[3]]]]; let b=a.flat(Infinity); return JSON.parse(JSON.stringify(a)) },
  asyncNest: () => { let f=async(n)=>{ if(n) { await f(n-1); return n } throw new Error('deep') };
    f(5).catch(e=>e.stack); return 1 },
  asyncArgs: () => { (async function(a,b,...c){ await a; return arguments.length })(1,2,3,4);
    return 1 },
  thenable: () => { (async()=>{ await {then(r){r(1)}}; for await (let x of {
    [Symbol.asyncIterator](){ let i=0; return {next(){return {then(r){ r({value:i,
    done:i++>2}) }}}, return(){return {}} } }}) { if (x==1) break } })(); return 1 },
  syncIterAsync: () => { (async()=>{ for await (let x of (function*(){ try {
    yield Promise.resolve(1); yield Promise.reject(2) } finally { } })()) ; })().catch(()=>{});
    return 1 },
  privBrand: () => { class A { #a=1; get #b(){return 2} set #b(v){} static #c(){return 3} #d(){
    return 4} t(){ this.#b=1; this.#a++; return [this.#a,this.#b,A.#c(),this.#d(),
    #a in this] } } return new A().t() },
  superProps: () => { let o={__proto__:{get x(){return this.y}, m(){return 1}}, y:5, m(){
    return super.x+super.m() }}; return o.m() },
  newTarget: () => { function F(){ return new.target } class B { constructor(){
    this.t=new.target.name } } class C extends B { constructor(...a){
    super(...a) } } return [new F(), new C().t, Reflect.construct(B,[],C).t] },
  errorCause: () => { try { try { throw new TypeError('in') } catch (e) { throw new Error('out',{
    cause:e}) } } catch(e) { return [e.cause.message, e.stack.length, e.toString()] } },
  aggregate: () => { Promise.any([Promise.reject(new Error(1)),
    Promise.reject(2)]).catch(e=>e.errors.length); return new AggregateError([1],'m').errors },
  toPrim: () => { let o={[Symbol.toPrimitive](h){ return h }}; return [`${o}`, +o, o+'', o<1,
    new Date(o), o==1] },
  inst: () => { class E { static [Symbol.hasInstance](x){ return x===1 } } return [1 instanceof E,
    [] instanceof Array, Object.prototype.isPrototypeOf.call(Array.prototype,[])] },
  dateMany: () => { let d=new Date(2020,5,5); for (let m of ['setDate','setHours','setMonth',
    'setMinutes','setSeconds','setMilliseconds','setUTCDate','setTime','setYear']) d[m]?.(3);
    return [d.getDay(), d.toDateString(), d.toTimeString(),
    new Date('June 5, 2020 10:00 GMT+0200')*1] },
  stringMore: () => ['abc'.at(1),'abc'.substr(1),'a-b-c'.split('-',2),'abc'.anchor('x'),
    '  x '.trimStart(),'x'.padEnd(5),'ß'.toUpperCase(),'İ'.toLowerCase(),'Σ'.toLowerCase(),
    'a\u0301'.normalize(),'abc'.localeCompare('abd'),'abc'.lastIndexOf('c'),
    'abcabc'.replaceAll(/b/g,(m,o)=>o),'x'.concat({toString(){return 'y'}}),
    [...'aXbX'.matchAll('X')].length, 'aaa'.split(''), '€uro'.split(/u/), 'abc'.startsWith('a'),
    'x,y'.split(',').reverse().join()],
  regexpNames: () => { let r=/(?<a>x)|(?<b>y)/g; return ['xyx'.replace(r,'<$<a>|$<b>>'),
    [...'xy'.matchAll(r)].map(m=>m.groups.a), 'x'.match(r), r.flags, r[Symbol.replace]('xy',
    (...a)=>typeof a.at(-1)), new RegExp(r,'i').source, /[^\d\s]+/u.exec('12 é')[0],
    /(?:x{2,3}?y)*z/.exec('xxyxxxyz')[0], /\bfoo\b/i.test('a FOO b'), /^a.c$/ms.test('a\nc'),
    /(?!x)y/.test('y')] },
  regexpCompile: () => { let s='(?:'; for (let i=0;i<60;i++) s+='a'+i+'[b-z\\d]*|'; s+='q)+';
    return new RegExp(s,'iu').test('a5xyz') },
  jsonBig: () => { let o={}; for (let i=0;i<30;i++) o['k'+i]={a:[i,'v'+i],b:null};
    return JSON.parse(JSON.stringify(o,null,1)).k3.a[1] },
  jsonToJSON: () => JSON.stringify({a:{toJSON(){return {b:1}}},d:new Date(0),s:Symbol('x'),f(){},
    u:undefined,n:NaN,big:Object(1),arr:[undefined,()=>1]}),
  jsonReviver: () => JSON.parse('{"a":[1,{"b":2}],"c":"d"}', function(k,v){
    if (k==='b') delete this.b; return k==='c'?undefined:v }),
  propsMany: () => { let o={}; for (let i=0;i<70;i++) { Object.defineProperty(o,'p'+i,{value:i,
    configurable:true,enumerable:i%2===0,writable:true}) } for (let i=0;i<60;i++) delete o['p'+i];
    for (let i=0;i<10;i++) o[Symbol(i)]=i; return Reflect.ownKeys(o).length },
  globalVar: () => { (0,eval)('var gv'+'1=5; function gf(){return gv1}'); return 1 },
  arrLen: () => { let a=[1,2,3,4,5]; a.length=2; a.length=10; a[9]=1; try {
    Object.defineProperty(a,'length',{writable:false}); 'use strict'; a.push(1) } catch {} ;
    return a.length },
  argsObj: () => { function f(){ let a=arguments; a[5]=1; delete a[0]; a.length=2;
    return [...Array.prototype.slice.call(a)] } return f(1,2,3) },
  mappedArgs: () => { function f(a,b){ let g=()=>a++; g(); arguments[0]=7;
    Object.defineProperty(arguments,'1',{get(){return 9}}); return [a,b,arguments[0],
    arguments[1]] } return f(1,2) },
  withStmt: () => new Function('o','with(o){ x=5; return x+y }')({x:1,y:2}),
  tdz: () => { try { (()=>{ x; let x=1 })() } catch(e) { return e.name } },
  typedMore: () => { let t=[Int8Array,Uint8ClampedArray,Int16Array,Uint32Array,Float32Array,
    BigUint64Array]; return t.map(T=>{ let a=T===BigUint64Array?new T([1n,2n,3n]):new T([1,2,3]);
    return [a.reverse().indexOf(a[1]), a.findLast(x=>x), a.toString(), [...a.keys()],
    a.copyWithin(0,1), a.every(x=>x), a.reduce((x,y)=>y), a.buffer.byteLength,
    a.length && new T(a), a.toLocaleString(), Object.keys(a)] }) },
  symbolWeak: () => { let s=Symbol('w'); let w=new WeakRef(s); let m=new WeakMap([[s,1]]);
    let f=new FinalizationRegistry(()=>{}); f.register(s,1,s); f.unregister(s);
    return [w.deref()===s,m.get(s)] },
  weakCycle: () => { let m=new WeakMap(); for (let i=0;i<10;i++) { let k={}; m.set(k,{k,m});
    } gc(); let f=new FinalizationRegistry(()=>{}); let o={f}; f.register(o,{f}); o=null; gc();
    return 1 },
  ctorRet: () => { class A { constructor(){ return {x:1} } } class B extends A {
    y=2 } return new B().y },
  iterHelpers: () => { let e=[1,2].entries(); let m=new Map([[1,2]]).entries();
    let s='ab'[Symbol.iterator](); return [e.next(),m.next(),s.next(),
    /a/g[Symbol.matchAll]('aa').next()] },
  getOwn: () => [Object.getOwnPropertyNames(function(){}), Object.getOwnPropertyDescriptor(class {
    static x(){} },'x'), Object.getOwnPropertyDescriptors([1]), Object.hasOwn({a:1},'a'),
    Object.is(1,1)],
}

{
  // More locals than a small block holds.
  let text = 'function* g() { '
  for (let i = 0; i < 300; i++) text += `let v${i} = ${i};`
  globalThis.bigGen = new Function(text + ' yield 1 }; [...g()]')
}
