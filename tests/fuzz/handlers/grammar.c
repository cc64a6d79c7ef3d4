#include "tests/fuzz/handlers/grammar.h"

/* clang-format off */
#define RULE(name, ...) {name, NULL, (const char *const[]){__VA_ARGS__, NULL}}
#define WORDS(name, words) {name, words, NULL}

/*
 * `t()` (generate.c) counts, and throws when there were too many, so that code
 * which calls itself again comes to an end. `o(x)` takes a value as part of the result.
 * `detach(b)` takes an ArrayBuffer's memory away.
 */
const char handlers_prelude[] =
    "var o=(function(){\n"
    "var A=Array,AB=ArrayBuffer,P=Promise,J=JSON.stringify,K=Reflect.ownKeys,"
    "S=String,is=Object.is,V=AB.isView,iA=A.isArray,E=Error,M=Map,T=Set,"
    "DT=Date,R=RegExp,gp=Object.getOwnPropertyDescriptor,"
    "cl=Function.prototype.call,gt=cl.bind(DT.prototype.getTime),"
    "jn=cl.bind(A.prototype.join),sl=cl.bind(S.prototype.slice),"
    "fm=cl.bind(M.prototype.forEach),fs=cl.bind(T.prototype.forEach),"
    "tl=cl.bind(gp(Object.getPrototypeOf(Int8Array.prototype),'length').get),"
    "ix=cl.bind(A.prototype.indexOf),pt=Object.getPrototypeOf,"
    "I=[Object,Function,A,S,Number,Boolean,Symbol,BigInt,R,DT,M,T,WeakMap,"
    "WeakSet,P,AB,DataView,E,TypeError,RangeError,ReferenceError,SyntaxError,"
    "EvalError,URIError,AggregateError,Uint8Array].map(function(c){"
    "return c.prototype}),G=function*(){},Y=async function*(){};"
    "I.push(J&&JSON,Math,Reflect,pt(I[I.length-1]),pt(pt(G)),pt(G).prototype,"
    "pt(G),pt(pt(Y)),pt(Y).prototype,pt(Y),pt(async function(){}),"
    "pt(pt(G).prototype),pt(pt(Y).prototype),pt([][Symbol.iterator]()),"
    "pt(new M().keys()),pt(new T().keys()),pt(''[Symbol.iterator]()),"
    "pt(''.matchAll(/a/g)));\n"
    "function D(v,d){switch(typeof v){case'undefined':return'u';"
    "case'boolean':return v?'t':'f';"
    "case'number':return is(v,-0)?'-0':''+v;case'bigint':return S(v)+'n';"
    "case'string':return v.length>300?v.length+':'+J(sl(v,0,100)):J(v);"
    "case'symbol':return's';case'function':return'fn'}"
    "if(v===null)return'0';if(v===globalThis)return'G';if(d>2)return'...';"
    "try{var r='',i=ix(I,v);if(i>=0)return'I'+i;"
    "if(v instanceof E)return'E:'+v.name;"
    "if(v instanceof P)return'P';"
    "if(V(v)){r='V';if(v instanceof DataView)return r;"
    "for(i=0;i<tl(v)&&i<40;i++)r+=','+D(v[i],d);return r}"
    "if(v instanceof AB)return'B'+v.byteLength;"
    "if(v instanceof DT)return'D'+gt(v);"
    "if(v instanceof R)return'R'+v.source+'/'+v.flags+D(v.lastIndex,d);"
    "if(v instanceof M){r='M';fm(v,function(b,a){"
    "if(r.length<300)r+=D(a,d+1)+'>'+D(b,d+1)+','})}"
    "if(v instanceof T){r='T';fs(v,function(b){"
    "if(r.length<300)r+=D(b,d+1)+','})}"
    "var k=K(v);r+=(iA(v)?'[':'{')+v.length+'|';"
    "for(i=0;i<k.length&&i<24;i++){if(k[i]==='stack')continue;"
    "var g=gp(v,k[i]);"
    "r+=(typeof k[i]=='symbol'?'@':k[i])+"
    "(g?(g.enumerable?'':'!')+(g.writable?'':'#')+"
    "('value'in g?D(g.value,d+1):'get'):'?')+','}"
    "return r+'}'}catch(e){return'x'+typeof e}}\n"
    "return function(x){if(L.length<300)L[L.length]=D(x,0)}})();\n";

/* What every program begins with. The names say what they are at first; they
 * may become something else. */
const char *const handlers_variables[] = {
    "var n0=1,n1=2,s0='ab',s1='c',z0=1n,k0='a',a0=[1,2,3],a1=[],o0={a:1},"
    "o1={},b0=new ArrayBuffer(8),b1=b0,t0,t1,t2,d0,m0=new Map(),e0=new Set(),"
    "w0=new WeakMap(),w1=new WeakSet(),r0=/a/g,r1=/(b)?/y,u0=new Date(0),"
    "f1=function(){},f2=f1,c0=class{},p0=Promise.resolve(1),x0={},x1={},g0,g1,"
    "y0,y1;\n",
    "function f0(a,b,...c){t();@x;return @e}\n",
    "function*g(a){t();@gbody}\n",
    "async function*y(a){t();@ybody}\n",
    "async function h(a){t();@hbody}\n",
    "g0=g(1);g1=g(g0);y0=y(1);y1=y(y0);\n",
    "try{b0=new ArrayBuffer(@size);t0=new @ctor(b0);d0=new DataView(b0)}"
    "catch(e){t0=new Uint8Array(b0);d0=new DataView(b0)}t1=t2=t0;\n",
    "try{n0=@num;s0=@str;z0=@big;k0=@key;n1=@num;s1=@str}catch(e){o(e)}\n",
    "try{a0=@arr;o0={a:1,b:@e};a1=@arr;o1=@obj}catch(e){o(e)}\n",
    "try{t1=@ta;b1=@buf;m0=@map;e0=@set;u0=@date}catch(e){o(e)}\n",
    "try{r0=@re;r1=@re}catch(e){o(e)}\n",
    "try{f1=@cb;f2=@fn;c0=@cls;x0=@prx;x1=@prx}catch(e){o(e)}\n",
    "try{p0=@prom;g0=g(@e);g1=g(g0);y0=y(@e)}catch(e){o(e)}\n",
    NULL,
};

const handlers_rule_t handlers_grammar[] = {

/* ---- statements ---- */

/* One at the top level; exceptions are caught around it. */
RULE("s",
    "o(@e)",
    "@var=@e", "o(@call)", "o(@call)", "o(@call)", "o(@call)", "o(@call)",
    "@x", "@x",
    "@bulk", "@ctl", "@ctl", "@ctl", "@ctl", "@known", "@known", "@known",
    "@async", "@async", "@async"),

/* A short one: side effects in the middle of something. */
RULE("x",
    "n0++",
    "@var=@e", "detach(b0)", "detach(b1)", "detach(t1.buffer)",
    "detach(@buf)", "a0.length=@size", "a0.length=0", "a1.length=0",
    "a0.push(@e)", "a1.unshift(@e)", "a0.splice(@i,@i)", "a0.pop()", "a1.shift()",
    "m0.clear()", "m0.delete(@e)", "m0.set(@e,@e)", "e0.clear()",
    "e0.add(@e)", "e0.delete(@e)", "a0=@arr", "a1=@arr", "o0=@obj", "s0=@str",
    "s0+=@e", "s1+=@e", "t0=@ta", "t1=@ta", "b0=@buf", "r0.lastIndex=@i",
    "r0.compile(@str,'@flags')", "r1.compile('a')", "r0=@re",
    "g0.next(@e)", "g0.return(@e)", "g0.throw(@e)", "g0=g(@e)",
    "y0.next(@e)", "y0.return(@e)", "y0.throw(@e)", "y0=y(@e)",
    "delete o0.@prop", "delete a0[@i]", "o0.@prop=@e", "o0[@key]=@e",
    "Object.defineProperty(@any,@key,@desc)",
    "Object.setPrototypeOf(@any,@any)", "@any.__proto__=@any",
    "Object.freeze(@any)", "Object.preventExtensions(@any)", "Object.seal(@any)",
    "@any[@i]=@e", "@any.length=@i", "t0[@i]=@e", "~a0.sort(@cb)", "a0.reverse()",
    "~t1.sort(@cb)", "t0.fill(@e)", "t0.set(@e,@i)", "d0.setInt8(@i,@e)",
    "w0.set(@any,@any)", "w0.delete(@any)", "f0(@e)", "f1(@e)", "f2(@e)", "h(@e)",
    "throw @e", "u0.setTime(@num)", "k0=@key", "z0=@big", "n1=@num",
    "p0=@prom", "p0.then(@cb,@cb)", "x0=@prx", "c0=@cls",
    "~eval(@code)", "new Array(1000).fill({})", "f0=@cb", "f1=@cb",
    "~@proto=@e", "~Object.defineProperty(@holder,@key,@desc)",
    "~delete @proto", "~w0=new WeakMap([[@any,@any]])", "~@weak",
    "~setTimeout(@cb,@size)", "~queueMicrotask(@cb)",
    "if(N%2)@x", "if(N%3==0){@x}", "@call", "@call", "@call"),

/* Statements of several parts. */
RULE("ctl",
    "for(var i=0;i<3;i++){t();o(i)}",
    "for(let i=0,f=[];i<3;i++){t();f.push(()=>i);@x;o(f.map(x=>x()))}",
    "for(var q of @it){t();@x;o(q)}",
    "for(const [a=@e,...b] of @it){t();@x;o(b)}",
    "for(var q in @any){t();@x;o(q)}",
    "for(o0.@prop of @it){t();@x}",
    "for(o0[@key] in @any){t();@x}",
    "for(let {a=@e,...q} of @it){t();o(q);@x}",
    "while(t(),n0-->0){@x;if(@e)break}",
    "do{t();@x;if(@e)continue;@x}while(N%5)",
    "lab:for(var i of @it){for(var j of @it){t();if(@e)continue lab;@x;if(@e)break lab}}",
    "l1:{try{t();@x;break l1}finally{@x;o(1)}}",
    "l2:for(;;){t();try{@x;break}finally{if(N%2)continue l2;@x}}",
    "o((function(){try{@x;return @e}catch(e){@x;return @e}finally{@x;o(2)}})())",
    "o((function(){for(var i of @it){try{@x;return i}finally{@x;if(@e)break}}return @e})())",
    "try{@x}catch({message,a=@e}){o(a)}finally{@x}",
    "try{throw @e}catch([a,b=@e,...c]){o(c)}",
    "switch(@e){case @e:@x;case(t(),@e):o(1);break;default:o(2);case @e:o(3)}",
    "{let [a,b=@e,[c]=@it,...d]=@it;o([a,b,c,d])}",
    "{let {a,b:{c}=@obj,[@key]:d=@e,...r}=@obj;o([a,c,d,r])}",
    "[@lv,@lv=@e,...@lv]=@it", "({a:@lv,[@key]:@lv=@e,...@lv}=@obj)",
    "[a0[@i],o0.a]=[o0.b,a0[@i]]",
    "{let a=1;{let f=()=>a;a=@e;o(f())}}",
    "{class A extends (@fn){constructor(){@x;super(@e);@x}};o(new A(@e))}",
    "{@clsbody;o(new C(@e));o(C.h&&C.h(@e))}",
    "o((function(a,b){arguments[0]=@e;b=@e;@x;o(arguments);return[a,arguments[1],arguments.length]})(@e,@e))",
    "o((function(a,b=@e,{c,...d}=@obj){@x;o(arguments);return[a,b,c,d]})(@args))",
    "o((function f(a){t();@x;return N%7?f(@e):[a,arguments,f.length]})(@e))",
    "o((function(){@x;return[this===globalThis,new.target,typeof arguments]}).@capply(@e))",
    "o((a=@e,[b,c]=@it,...d)=>[a,b,c,d])",
    "with(@any){@x;a=@e;o(a)}",
    "{let a=@e;o(eval('a'))}", "~o(eval(@code))", "~o(new Function('a','t();return '+@code)(@e))",
    "{const a=@e;try{a=@e}catch(e){o(e)}}",
    "try{o(q1);let q1=@e}catch(e){o(e)}",
    "o(typeof @any)", "o(void @xe)", "o(@any?.a?.[@key]?.(@e))", "o(delete @any[@key])",
    "o(@tag`a${@e}b\\u{41}${@e}`)", "~o(`${@e}${@e}`)", "o(`${@e}`)",
    "@rw ?\?= @e", "@rw ||= @e", "@rw &&= @e", "@rw **= @num", "@rw >>>= @e", "@rw += @e", "@rw += @ev",
    "@rw -= @ev", "o(@rw++)", "o(--@rw)", "o([@rw++,@rw+=@ev,@lv])",
    "if(@e){@x}else{@x}", "o((@e,@e))", "o(@any in @any)", "o(@key in @any)", "o(@any instanceof @any)"),

/* The kinds of fault that were found in engines before; the details vary. */
RULE("known",
    "(function(){var s='a';s+={toString(){s=@e;return @str}};o(s)})()",
    "(function(s,q){for(var i=0;i<3;i++){s+={toString(){t();s=@e;return 'b'}}}o(s)})(@e,@e)",
    "(function(){let s=@e;let f=()=>{t();s=@e;return @e};s+={valueOf:f};s+=f();o(s)})()",
    "(function(a){a+={toString(){arguments.callee.x=1;a=@e;return 'x'}};o(a)})(@e)",
    "(function(){var s='a'.repeat(@size);for(var i=0;i<4;i++)s+=s+{toString(){s=@e;return s}};o(s.length)})()",
    "{let n=function(){};Object.defineProperty(n=n.bind(),'prototype',{get(){@x;return @any}});o(Reflect.construct(@ctor,[@buf,@i,@i],n))}",
    "{let n=new Proxy(@ctor,{get(a,b,c){t();@x;return Reflect.get(a,b,c)}});o(Reflect.construct(@fn,[b0,@i,@i],n))}",
    "o(t0.@tasearch(@e,@ev))", "o(t1.@tasearch(@e,@num))",
    "o((@big).toString(@radix))", "o((@big+@big).toString(@radix))", "o(BigInt(@bigstr))",
    "o(BigInt.asIntN(@size,@big))", "o(BigInt.asUintN(@size,@big))",
    "~o((@num).toString(@radix))", "o(Math.trunc((@num)%2**53).toString(@radix))", "o(parseFloat(@numstr))", "o(Number(@numstr))",
    "o((@num).@numfmt(@size))", "o(Date.parse(@datestr))", "o(new Date(@datestr))",
    "o(Object.keys(new Proxy(@any,{ownKeys(){@x;return @keys}})))",
    "o(Reflect.ownKeys(new Proxy(@any,{ownKeys(){@x;return @keys},getOwnPropertyDescriptor(){@x;return @desc}})))",
    "o({...new Proxy(@any,{ownKeys(){@x;return @keys},getOwnPropertyDescriptor(){@x;return @desc},get(){@x;return @e}})})",
    "o({...@e})", "o([...@it])", "o(f0(...@it))", "o(new f0(...@it))", "o(Math.max(...@it))",
    "~a0.sort((a,b)=>{t();@x;return a<b?-1:1});o(a0)", "~a0.sort(@cb);o(a0)", "~o(a0.toSorted(@cb))",
    "~t0.sort(@cb);o(t0)", "o(a0.concat(@arr,@obj,{length:@i,[Symbol.isConcatSpreadable]:true,0:@e}))",
    "{class A extends Array{static get [Symbol.species](){@x;return @fn}};o(new A(1,2,3).@arrcb(@cb,@e))}",
    "{let a=[1,2,3];a.constructor={get [Symbol.species](){@x;return @fn}};o(a.@arrspecies(@i,@i,@e))}",
    "{let a=new @ctor(4);a.constructor={get [Symbol.species](){@x;return @fn}};o(a.@taspecies(@i,@i))}",
    "{let a=new @ctor(b0);a.constructor={[Symbol.species]:function(n){@x;return @ta}};o(a.@taspecies(@i,@i))}",
    "{let b=@buf;b.constructor={get [Symbol.species](){@x;return function(n){@x;return @buf}}};o(b.slice(@i,@i))}",
    "{let r=@re;r.constructor={get [Symbol.species](){@x;return function(n){@x;return @re}}};o(s0.split(r,@i))}",
    "{let r=@re;r.exec=function(s){t();@x;return @rexec};o(s0.replace(r,@cb));o(s0.match(r));o([...s0.matchAll(r)])}",
    "o(s0.replace(@re,(...q)=>{t();@x;return @str}))", "o(s0.replaceAll(@re,@str))", "o(s0.replace(@re,'@subst'))",
    "r0.lastIndex={valueOf(){t();@x;return @num}};o(r0.exec(@str));o(r0.lastIndex)",
    "o(new RegExp(String.raw`@pat`,'@flags').exec(@str))", "o(@str.match(new RegExp(String.raw`@pat`,'@flags')))", "o(@str.split(new RegExp(String.raw`@pat`,'@flags')))",
    "o(new RegExp(String.raw`@pat`,'@flags').exec(@str))", "o(new RegExp(@str,@str))",
    "m0.forEach((v,k)=>{t();@x;m0.delete(k);m0.set(@e,@e)});o(m0)",
    "for(let q of m0){t();@x;m0.delete(q[0]);@x}", "for(let q of e0){t();@x;e0.clear();e0.add(@e)}",
    "{let i=m0.@iters();i.next();m0.clear();@x;o(i.next());o([...i])}",
    "{let i=a0.@iters();o(i.next());@x;a0.length=@size;o([...i])}",
    "{let i=t0.@iters();o(i.next());@x;o([...i])}",
    "o(JSON.parse(@json,function(k,v){t();@x;return @e}))",
    "o(JSON.parse(@json,function(k,v){t();if(N%3==0){@x;this[@key]=@e;delete this[k]}return v}))",
    "o(JSON.stringify(@any,@cb,@e))", "o(JSON.stringify(@any,@arr,@e))", "o(JSON.stringify({toJSON(){@x;return @any},a:@e}))",
    "{let g=(function*(){for(const x of (yield 1)){t();o(x)}})();g.next();o(g.next(@it))}",
    "{let g=(function*(){try{t();yield @e;@x}finally{t();yield @e;@x;g.return(@e)}})();o(g.next());o(g.return(@e));o(g.next())}",
    "{let g=(function*(){t();yield*{[Symbol.iterator](){return{next(){t();@x;return @ires},return(v){@x;return @ires},throw(v){@x;return @ires}}}}})();o(g.next());o(g.@gm(@e));o(g.@gm(@e))}",
    "{let g=(function*(){t();g.@gm(@e);yield 1})();o(g.next())}",
    "{let q=function*(){var [a,b=yield 1,{c=yield 2,...d}]=yield 3;o([a,b,c,d]);return yield*g0}();q.next();o(q.next(@it));o(q.next(@e));o(q.next(@obj));o([...q])}",
    "Object.defineProperty(a0,@i,{get(){@x;return @e},set(v){@x},configurable:true});o(a0.@arrm(@e,@e,@e))",
    "Object.defineProperty(a0,'length',{writable:false});o(a0.@arrm(@e,@e))",
    "~Object.defineProperty(Array.prototype,@i,{get(){t();@x;return @e},set(v){t();@x},configurable:true});o(a0.@arrm(@e,@e,@e))",
    "~Object.defineProperty(Object.prototype,'then',{get(){t();@x;return @e},configurable:true});@async",
    "~Object.defineProperty(Object.prototype,@key,{get(){t();@x;return @e},set(v){t();@x},configurable:true});@s",
    "o(@arr.flat(@i))", "o([@arr,[@arr,[a0,a1]]].flat(@i))", "o(a0.flatMap(@cb))", "o(Array.from(@any,@cb,@e))",
    "o(Array.from.call(@fn,@any,@cb))", "o(Array.of.call(@fn,@e,@e))", "o(@ctor.from(@any,@cb))", "o(@ctor.from(@it))",
    "o(@ctor.of(@ev,@ev))", "o(new @ctor(@any))", "o(new @ctor(@buf,@i,@i))", "o(new DataView(@buf,@i,@i))",
    "o(Object.fromEntries(@any))", "~o(Object.groupBy(@it,@cb))", "~o(Map.groupBy(@it,@cb))", "o(Object.assign(@any,@any,@obj))",
    "o(Object.defineProperties(@obj,@any))", "o(Object.entries(@prx))",
    "{let q=[];q.length=4294967295;q.push(@e)}", "o(String.raw({raw:{length:@size,0:@e}},@e))",
    "o('abc'.padEnd(@size,@str))", "o(@str.normalize('NFKD'))", "~o(@str.localeCompare(@str))", "o(@str.@strm(@e,@e))",
    "{let q=@arr;let r=new Proxy(q,{get(a,b,c){t();if(b=='length')return @i;return Reflect.get(a,b,c)}});o(Array.prototype.@arrm.call(r,@e,@e))}",
    "~structuredClone(@any,{transfer:@any})", "~o(structuredClone(@any,{transfer:[@buf,b0]}))", "~o(structuredClone(@any))",
    "~o(structuredClone({get a(){t();@x;return @e},b:[b0,t0,d0]},{transfer:[b0]}))",
    "~{let r=new FinalizationRegistry(v=>{t();@x});for(let i=0;i<3;i++)r.register({},r,o0);r.register(o0,@e,@any);r.unregister(@any);@x}",
    "~{let r=new WeakRef({});@x;o(typeof r.deref())}", "~{let q={};w0.set(q,{q,r:new WeakRef(q)});q=null;@x}",
    "~{let k={};let r=new FinalizationRegistry(()=>{t();@x;w0.set(k,k)});(function(){let c={};c.c=c;r.register(c,k,c);w0.set(c,c)})();@x}"),

RULE("async",
    "h(@e).then(o,o)",
    "y0.@ygm(@e).then(o,o)", "y0.@ygm(@e).then(o,o);y0.@ygm(@e).then(o,o);y0.@ygm(@e).then(o,o)",
    "y0.@ygm(@then).then(o,o)", "y1.@ygm(@e).then(v=>{t();@x;o(v)},o)",
    "(async()=>{for await(var q of @ait){t();@x;o(q)}})().then(o,o)",
    "(async()=>{t();@hbody})().then(o,o)",
    "(async()=>{for await(const q of (function*(){t();yield @prom;@x;yield @then})()){o(q);@x}})().catch(o)",
    "{let q=(async function*(){try{t();yield @e;@x;await @e}finally{t();yield @e;@x;await @then}})();q.next().then(o,o);q.@ygm(@then).then(o,o);q.return(@e).then(o,o);q.throw(@e).then(o,o)}",
    "{let q=(async function*(){t();yield*{[Symbol.asyncIterator](){return{next(){t();@x;return @e},return(v){t();@x;return @prom},throw(v){t();@x;return @e}}}}})();q.next().then(o,o);q.@ygm(@e).then(o,o);q.@ygm(@e).then(o,o)}",
    "{let q=y(@e);q.@ygm({get then(){t();q.@ygm(@e);@x;return @cb}}).then(o,o)}",
    "Promise.@pcomb(@it).then(o,o)", "Promise.@pcomb([@e,@then,@prom,@e]).then(o,o)", "Promise.@pcomb.call(@fn,@it)",
    "new Promise((a,b)=>{t();@x;a(@e);b(@e)}).then(o,o)", "Promise.resolve(@then).then(o,o)",
    "p0.then(@cb,@cb).finally(@cb).catch(@cb)", "p0.then.call(@any,@cb,@cb)",
    "{class Q extends Promise{constructor(f){t();super(f);@x}static get [Symbol.species](){t();@x;return @fn}};let q=new Q(f=>f(@e));q.then(@cb).finally(@cb).then(o,o);Q.@pcomb(@it).then(o,o)}",
    "p0.constructor={get [Symbol.species](){t();@x;return function(f){@x;f(@cb,@cb)}}};p0.then(@cb)",
    "~{let q=Promise.withResolvers();q.resolve(@then);q.reject(@e);q.promise.then(o,o)}",
    "~queueMicrotask(()=>{t();@x;o(1)})", "~setTimeout(()=>{t();@x},0)", "~import(@str).then(o,o)"),

/* Large things in one statement. */
RULE("bulk",
    "o(n0)",
    "{let q=@arr;for(let i=0;i<40;i++){t();q.push(@e);@x}o(q.length)}",
    "{let q={};for(let i=0;i<70;i++)q['k'+i]=i;delete q.k3;@x;for(let i=0;i<70;i+=2)delete q['k'+i];q.z=@e;o(q)}",
    "{let q=new Map;for(let i=0;i<60;i++)q.set(i,@e);for(let [k] of q){t();q.delete(k);@x;if(q.size<5)break}o(q.size)}",
    "{let q='';for(let i=0;i<200;i++)q+='ab'+i;@x;o(q.length);o(q.slice(@i,@i));o(q.indexOf(@str))}",
    "{let q=[];for(let i=0;i<30;i++)q=[q];o(JSON.stringify(q));o(''+q)}",
    "{let q=@big;for(let i=0;i<6;i++){q=q*q+@big;if(q>1n<<2000n)break}o(q);o(q.toString(@radix));o(q/@big)}",
    "{let q=function*(){for(let i=0;i<50;i++){t();yield i}};let [a,,...b]=q();o([a,b.length])}",
    "{let q=new Array(@size);q[@i]=@e;q.fill(@e,@i,@i);o(q.length)}",
    "~{let q=[1.5,2,'x',@e,@e];q.sort();@x;q.sort(@cb);q.splice(@i,@i,...@it);o(q)}",
    "~{let q=Array.from({length:100},(a,i)=>(i*7919)%101);q.sort((a,b)=>a-b);o(q);q.sort(@cb)}",
    "(function(a0,a1,a2,a3,a4,a5,a6,a7){@x;o(a7);return arguments.length}).apply(@e,{length:@size})",
    "o(Reflect.construct(f0,{length:@size,0:@e},@fn))", "o(String.fromCharCode.apply(null,@arr))"),

/* ---- bodies ---- */

RULE("gbody",
    "yield 1;return 2",
    "@x;var q=yield @e;@x;o(q);yield*@it;return @e",
    "try{yield @e;@x;yield @e}catch(e){o(e);yield @e}finally{@x;yield @e}",
    "for(var q of @it){t();try{yield q;@x}finally{@x}}",
    "var [b,c=yield @e]=@it;@x;yield[b,c];return yield*[1,2]",
    "yield*yield yield @e;@x", "return yield", "for(let q of (yield @e)){t();yield q}",
    "while(1){t();yield N;@x}", "yield arguments;arguments[0]=@e;yield a;@x"),
RULE("ybody",
    "yield 1;return 2",
    "@x;var q=yield @e;@x;o(q);await @e;yield*@aiy;return @then",
    "try{yield @then;@x;await @then}catch(e){o(e);yield @e}finally{@x;yield @e;await @e}",
    "for await(var q of @ait){t();try{yield q;@x}finally{@x;await @then}}",
    "~yield*@it;@x;return await @e", "yield*@aiy;@x;return await @e", "return @then", "while(1){t();yield N;@x;await 1}"),
RULE("hbody",
    "return await a",
    "@x;await @e;@x;return @e", "try{await @then;@x}catch(e){o(e);return await @e}finally{@x;await 1}",
    "for await(var q of @ait){t();o(q);@x;if(@e)break}return @e",
    "var [b,c=await @e,...d]=@it;@x;return[b,c,d]", "throw await @e", "return @then",
    "await Promise.all([@prom,h1(),@then]);async function h1(){t();@x;await @e;return @e}"),

/* ---- expressions ---- */

RULE("e",
    "1",
    "@num", "@num", "@str", "@str", "@any", "@any", "@any", "@any", "@arr", "@obj", "@ev", "@ev",
    "undefined", "null", "true", "false", "@big", "@sym", "@buf", "@ta", "@map", "@set", "@re",
    "@date", "(@fn)", "(@cb)", "@cls", "@it", "@prom", "@prx", "@then", "@call", "@call", "@call", "@call",
    "(@e@op@e)", "(@e@op@e)", "(@e@op@e)", "(@un@e)", "(@e?@e:@e)", "(@lv=@e)", "(@rw+=@e)", "(@rw++)",
    "@any.@prop", "@any[@key]", "@any[@i]", "@any?.@prop", "(@e,@e)", "(@e??@e)", "(@e||@e)", "(@e&&@e)",
    "[@e,@e]", "[...@it]", "{valueOf(){t();@x;return @e}}", "`${@e}`", "(@fn)(@args)", "new (@fn)(@args)",
    "(function(){return arguments})(@args)", "(@xe)", "~@host", "~@weak", "~eval(@code)", "@numstr", "@datestr"),
/* Some variable, whatever it holds. */
WORDS("any",
    "o0 a0 a1 s0 s1 n0 n1 o1 b0 b1 t0 t1 t2 d0 m0 e0 w0 r0 r1 u0 f0 f1 f2 c0 g0 g1 y0 p0 x0 x1 z0 k0 g y h"),
WORDS("var",
    "n0 n1 s0 s1 a0 a1 o0 o1 b0 b1 t0 t1 t2 d0 m0 e0 r0 r1 u0 f1 f2 c0 g0 g1 y0 y1 p0 x0 x1 k0 z0"),
RULE("lv",
    "n0", "s0", "s1", "a0", "o0.a", "o0.b", "a0[@i]", "t0[@i]", "@var", "@any[@key]", "x0.@prop", "a1.length",
    "o0[(@e,@key)]", "(@xe,o0)[@key]"),
/* What is read and written. Engines don't agree how often a key is converted
 * then. */
RULE("rw",
    "n0", "s0", "s1", "a0", "o0.a", "o0.b", "a0[+@i]", "t0[+@i]", "~a0[@i]", "~t0[@i]", "@var", "~@any[@key]", "@any[`${@str}`]", "o0[@sym]",
    "x0.@prop", "a1.length", "~o0[(@e,@key)]", "~(@xe,o0)[@key]", "(@xe,o0).@prop"),
/* A short statement that is an expression, too. */
RULE("xe",
    "n0++", "@lv=@e", "detach(b0)", "a0.length=0", "m0.clear()", "a0.push(@e)", "s0+=@e", "g0.next(@e)", "delete o0.@prop",
    "@call"),
RULE("num",
    "1", "0", "n0", "n1", "(-1)", "2", "3", "5", "7", "8", "10", "16", "31", "32", "63", "64", "100", "255", "256", "1000",
    "0.5", "(-0.5)", "(-1e-20)", "1.5", "NaN", "Infinity", "(-Infinity)", "(-0)", "65535", "65536", "2147483647", "(-2147483648)",
    "2147483648", "4294967295", "4294967296", "9007199254740991", "9007199254740992", "(-9007199254740992)",
    "1e21", "1e300", "5e-324", "1.7976931348623157e308", "0.1", "123.456", "1e-7", "(2**31)", "(2**53)", "(-(2**63))",
    "4.35", "1.005", "8.5e-7", "123456789012345680000", "0x20000001", "0.000001", "123456789.123456789",
    "(@num@arith@num)", "(@num@arith@num)", "Math.@math(@num,@num)", "parseInt(@str,@i)", "Number(@e)", "a0.length",
    "s0.length", "0b101", "0o17", "1_000", "(@num|0)", "(@num>>>0)", "Math.fround(@num)"),
/* A small count that may be a bit odd. */
RULE("size",
    "8", "0", "1", "2", "3", "4", "5", "7", "9", "16", "17", "31", "33", "63", "64", "65", "100", "127", "128", "255", "256", "257",
    "1000", "n0&63"),
/* An index or a length, or what becomes one. */
RULE("i",
    "0", "1", "2", "(-1)", "3", "@size", "@num", "@num", "(-2)", "undefined", "a0.length", "'1'", "@ev", "@ev", "@ev",
    "{valueOf(){t();@x;return @size}}"),
/* What runs code when it is converted. */
RULE("ev",
    "{valueOf(){t();@x;return 1}}",
    "{valueOf(){t();@x;return @num}}", "{toString(){t();@x;return @str}}", "{[Symbol.toPrimitive](h){t();@x;return @e}}",
    "{valueOf(){t();@x;return {}},toString(){t();@x;return @e}}", "{get valueOf(){t();@x;return @cb}}",
    "{valueOf(){t();@x;return @size}}", "{valueOf(){detach(b0);return @size}}", "{valueOf(){a0.length=0;return @size}}",
    "[{toString(){t();@x;return @str}}]", "new Proxy({},{get(a,k){t();@x;return k==Symbol.toPrimitive?@cb:@e}})"),
RULE("str",
    "'a'", "''", "s0", "s1", "'abc'", "'0'", "'1'", "'-0'", "'aaab'", "'a,b,c'", "'\\u00e9'", "'\\u0130I\\u0131'", "'\\ud83d\\ude00'", "'\\ud800'",
    "'\\udc00a'", "'length'", "'\\u0000x'", "'a\\nb'", "' 12 '", "'ab'.repeat(@size)", "'\\u1E9E\\u00df'", "'x'.repeat(@size)", "'\\u20ac'.repeat(@size)",
    "(@str+@str)", "(@str+@e)", "String(@e)", "@str.@strm(@e,@e)", "@str.slice(@i,@i)", "@str.substring(@i,@i)", "a0.join(@str)",
    "~(@num).toString(@radix)", "Math.trunc((@num)%2**53).toString(@radix)", "(@big).toString(@radix)", "JSON.stringify(@any)", "@any+''", "~`${@e}-${@e}`", "`-${@e}`", "'prototype'", "'constructor'",
    "'\\uFB01\\u0344\\u1100\\u1161\\u11a8'", "@numstr", "@datestr", "@bigstr"),
RULE("numstr",
    "'1.5'", "'0x1f'", "'-0x1'", "'1e1000'", "'-1e-1000'", "'1_0'", "'.5'", "'5.'", "'0b11'", "'0o7'", "'Infinity'", "'1e'", "'\\u00a01\\ufeff'",
    "'9007199254740993'", "'9007199254740992.5'", "'0.1'.padEnd(@size,'3')", "'1'.repeat(@size)", "'2.2250738585072011e-308'",
    "'1.'+'0'.repeat(@size)+'1'", "'5e-324'", "'2.4703282292062327e-324'", "'2.4703282292062328e-324'", "'1.7976931348623158e308'",
    "'0.'+'0'.repeat(@size)+'123'", "'1e@int'", "'-1.@int'", "'@int.@int'", "'@int.@{int}e-@int'", "'@int@int@int.5'"),
RULE("bigstr",
    "'1'", "'9'.repeat(@size)", "'0x'+'f'.repeat(@size)", "'0b'+'1'.repeat(@size)", "'0o'+'7'.repeat(@size)", "' 12 '", "'-5'", "'1n'", "''",
    "'0x'", "'-0x1'", "'1'+'0'.repeat(@size)", "'@int@int@int@int'", "@str"),
RULE("datestr",
    "'1997-03-08'", "'1997-03-08 11:19:10-0700'", "'@year-@two-@two'", "'@year-@two-@twoT@two:@two:@two.@intZ'", "'@year-@two-@twoT@two:@two@tz'",
    "'@mon @two, @year @two:@two:@two@tz'", "'@day, @two @mon @year @two:@two:@two GMT@tz'", "'@two/@two/@year'", "'@day @mon @two @year @two:@two:@two GMT@tz'",
    "'+0@year0@two-@two-@two'", "'-000001-01-01T00:00:00Z'", "'@year'", "'@year-@two'", "'@two @mon @year'", "'@year-@two-@two @two:@two@tz'",
    "'Thu, 01 Jan 1970 00:00:00 GMT'", "'1970-01-01T24:00:00Z'", "@str"),
WORDS("year", "1970 1969 2000 2024 1900 2038 0000 9999 1997 2025"),
WORDS("two", "01 12 02 29 31 00 23 24 59 60 10 08"),
WORDS("mon", "Jan Feb Dec Mar January sep May Jun"),
WORDS("day", "Mon Tue Sun Thu Friday Sat"),
RULE("tz", "Z", "", "+01:00", "-0700", "+0530", " UTC", " GMT", " -07:00", "+14:00", "-1200", " GMT+0100", " PST", " EDT"),
WORDS("int", "0 1 5 9 12 37 99 128 255 307 308 309 323 324 999 4503599627370496 9007199254740993 123456789"),
RULE("radix", "10", "2", "16", "8", "32", "36", "3", "7", "4", "10", "undefined", "1", "37", "@ev"),
RULE("big",
    "1n", "0n", "(-1n)", "(2n**63n)", "(2n**64n-1n)", "(-(2n**63n))", "z0", "123456789012345678901234567890n", "(2n**127n)", "(1n<<@bsh)", "((1n<<@bsh)-1n)",
    "(-(1n<<@bsh))", "(@big@bop@big)", "(@big@bop@big)", "(@big@bop@big)", "(-@big)", "(~@big)", "BigInt(@num)", "BigInt(@bigstr)", "BigInt.asIntN(@size,@big)",
    "BigInt.asUintN(@size,@big)", "(@big>>@bsh)", "(@big<<@bsh)", "0xffffffffffffffffn", "0x8000000000000000n", "0x7fffffffn", "0x80000000n", "0xffffffffn",
    "(10n**@bsh)", "(3n**@bsh)", "7n"),
WORDS("bsh", "1n 0n 31n 32n 33n 63n 64n 65n 95n 96n 127n 128n 129n 191n 192n 255n 256n 511n -1n -33n -64n"),
WORDS("bop", "+ - * / % & | ^ ** == < > ==="),
WORDS("arith", "+ - * / % ** & | ^ << >> >>>"),
RULE("op", "+", "-", "*", "/", "%", "&", "|", "^", "<<", ">>", ">>>", "==", "===", "!=", "!==", "<", ">", "<=", ">=", " in ", " instanceof "),
RULE("un", "-", "+", "~", "!", "typeof ", "void ", "- -", "typeof delete o0.a-"),
RULE("sym", "Symbol.iterator", "Symbol('a')", "Symbol.for('b')", "Symbol.toPrimitive", "Symbol.species", "Symbol.asyncIterator", "Symbol.hasInstance", "Symbol.unscopables",
    "Symbol.toStringTag", "Symbol.isConcatSpreadable", "Symbol.match", "Symbol.replace", "Symbol.split", "Symbol.search", "Symbol.matchAll"),
RULE("key", "'a'", "0", "'b'", "1", "'length'", "@sym", "@i", "@str", "'__proto__'", "'constructor'", "'prototype'", "'then'", "'next'", "'return'", "'toString'", "'valueOf'",
    "'lastIndex'", "'exec'", "'flags'", "'0'", "'-0'", "'4294967295'", "'4294967294'", "2147483648", "k0", "'index'", "'value'", "'done'", "'get'", "'callee'", "'name'", "'message'", "'size'"),
WORDS("prop", "a b length c constructor prototype then next return valueOf toString lastIndex name exec index size buffer byteLength byteOffset source flags throw message callee raw groups"),
RULE("desc", "{value:@e}", "{value:@e,writable:true,enumerable:true,configurable:true}", "{get(){t();@x;return @e},configurable:true}", "{get(){t();@x;return @e},set(v){t();@x;o(v)},enumerable:true,configurable:true}",
    "{value:@e,configurable:true}", "{writable:false}", "{enumerable:false}", "{get:@cb,set:undefined}", "{get value(){t();@x;return @e},configurable:true}", "@any", "undefined"),
RULE("keys", "['a','b']", "@arr", "{length:@size}", "['a','a']", "[@key,@key]", "[@sym,'a']", "@e", "[1]", "~{length:0x20000001}", "{get length(){t();@x;return 2},get 0(){t();@x;return 'a'},1:'b'}"),

/* ---- objects ---- */

RULE("arr",
    "[1,2,3]", "[]", "a0", "a1", "[@e]", "[@e,@e,@e]", "[,@e,,@e]", "[...@it]", "[@num,@str,@obj]", "[1.5,2.5,NaN]", "['b','a','c']", "[3,1,2,,5]",
    "new Array(@size)", "Array(@i)", "Array.from({length:@size},(v,i)=>i)", "@arr.@arrm(@e,@e,@e)", "Array.from(@it)", "[@arr,@arr]", "Object.keys(@any)", "Object.entries(@any)",
    "[0,1,2,3,4,5,6,7,8,9]", "@str.split(@str)", "(function(){return arguments})(1,2,@e)", "[[1,2],[@e,@e]]", "Object.assign([1,2],{length:@size})", "Array.of(@e,@e)"),
RULE("obj",
    "{}", "{a:1}", "o0", "o1", "{a:@e,b:@e}", "{get a(){t();@x;return @e},b:2}", "{length:@i,0:@e,1:@e}", "{length:@size,get 0(){t();@x;return @e}}", "{[@key]:@e}", "{...@any}",
    "{get length(){t();@x;return @i},0:1,1:2}", "{set a(v){t();@x},get a(){return @e}}", "{a(){t();@x;return super.a},__proto__:@any}", "{async a(){@x;return @e},*b(){@gbody}}", "{__proto__:@any,a:1}",
    "Object.create(@any)", "Object.create(null)", "Object(@e)", "{[Symbol.iterator]:@cb}", "{[Symbol.toPrimitive]:@cb}", "new (@fn)(@args)", "{a:{b:{c:@e}}}", "{'0':1,'1':2,a:3,[@sym]:4}", "@desc",
    "{a:1,b:2,c:3,d:4,e:5,f:6,g:7,h:8}", "new Error(@e)", "new AggregateError(@it)", "new Boolean(@e)", "new String(@e)", "new Number(@e)", "@then", "Object.assign({},@any)", "Object.fromEntries(@any)",
    "JSON.parse(@json)", "~Math", "~JSON", "~Reflect"),
RULE("buf", "b0", "b1", "new ArrayBuffer(@size)", "t0.buffer", "b0.slice(@i,@i)", "~new SharedArrayBuffer(@size)", "~new ArrayBuffer(@size,{maxByteLength:@i})", "~structuredClone(b0,{transfer:[b0]})", "new ArrayBuffer(@i)", "t1.buffer"),
WORDS("ctor", "Uint8Array Int8Array Uint16Array Int16Array Uint32Array Int32Array Float32Array Float64Array Uint8ClampedArray BigInt64Array BigUint64Array"),
RULE("ta", "t0", "t1", "t2", "new @ctor(@size)", "new @ctor(@buf)", "new @ctor(@arr)", "new @ctor(@buf,@i,@i)", "new @ctor(b0)", "t0.subarray(@i,@i)", "t1.@taspecies(@i,@i)", "new @ctor(@ta)", "@ctor.from(@it)", "@ctor.of(@e,@e)",
    "new @ctor(@any)", "new @ctor(@it)"),
RULE("map", "new Map()", "m0", "new Map([[1,2],['a',@e],[@e,@e]])", "new Map(@it)", "new Map(@any)", "~Map.groupBy(@it,@cb)", "~new WeakMap([[@any,@e]])"),
RULE("set", "new Set()", "e0", "new Set([1,2,@e])", "new Set(@it)", "new Set(@any)", "~new WeakSet([@any])"),
RULE("re", "/a/g", "r0", "r1", "new RegExp(String.raw`@pat`,'@flags')", "new RegExp(String.raw`@pat`,'@flags')", "new RegExp(String.raw`@pat`,'@flags')", "new RegExp(String.raw`@pat`,'@flags')", "new RegExp(@str)", "new RegExp(@any,'@flags')"),
RULE("pat",
    "a", "a*", "(a)|b", "[a-c]", "@pat@pat", "@pat@pat", "@pat@pat", "(@pat)", "(?:@pat)", "(?=@pat)", "(?!@pat)", "(?<=@pat)", "(?<!@pat)", "(?<n>@pat)", "@pat|@pat", "(?:@pat)@quant", "(@pat)@quant", "(@pat)@quant\\1",
    ".", "\\d", "\\w", "\\s", "\\b", "\\B", "^", "$", "[^a]", "[@rcls]", "[@rcls@rcls]", "[^@rcls]", "\\1", "\\2", "\\k<n>", "\\u0041", "\\x61", "\\0", "\\cA", "\\p{L}", "\\P{Lu}", "\\p{Script=Greek}", "\\u{1f600}",
    "b", "c", "\\u00e9", "\\u0130", "\\ud83d\\ude00", "(?<n>a)|(?<m>b)", "x{0}", "(?:){3}", "((a)|(b))+", "(a*)*", "(?:a|ab)(?:c|bcd)(d*)", "\\/", "\\W", "\\D", "\\S", "(?=(a))\\1", "(z)((a+)?(b+)?(c))*"),
WORDS("quant", "* + ? *? +? ?? {2} {0,3} {1,} {2,3}? {0} {0,0} {3,100} {4294967295} {0,2147483647}"),
WORDS("rcls", "a-z \\d \\w \\S \\u00e0-\\u00ff \\ud83d\\ude00 ^ - \\b A-Z0-9 \\u0061 \\W s k \\u212a"),
WORDS("flags", "g i y u m s d gi gy iu gu imsu giyu"),
WORDS("subst", "$& $1 $2$1 $` $' $$ $<n> $0 $10 [$&] $01 x $"),
RULE("rexec", "null", "~@arr", "[@e,@e]", "~{index:@i,0:@e,length:@size,groups:@any}", "{index:@i,0:@e,length:2,groups:@any}", "{get 0(){t();@x;return @e},get index(){t();@x;return @i},get length(){t();@x;return 2}}", "RegExp.prototype.exec.call(@any,s)", "~@e"),
RULE("date", "new Date(0)", "u0", "new Date(@num)", "new Date(@datestr)", "new Date(@num,@num,@num,@num,@num)", "new Date(Date.UTC(@num,@num,@num))", "new Date(8.64e15)", "new Date(NaN)", "new Date(@e)", "new Date(2024,@size,@size)"),
RULE("fn", "f0", "f1", "f2", "c0", "(@cb)", "(@cb)", "Array", "Object", "@ctor", "Promise", "Map", "Set", "RegExp", "ArrayBuffer", "~Date", "String", "Number", "Boolean", "Function", "Error", "Symbol", "BigInt", "Proxy", "DataView", "WeakMap",
    "f0.bind(@e,@e)", "@fn.bind(@args)", "Math.@math", "[].@arrm", "(@cls)", "new Proxy(@fn,@handler)", "t0.@tam", "''.@strm", "@any.@prop", "Function.prototype.call", "Reflect.construct", "g", "y", "h", "(class extends (@fn){})", "~WeakRef", "~FinalizationRegistry", "AggregateError", "eval"),
RULE("cb",
    "()=>1", "a=>a", "(a,b)=>a-b", "(a,b)=>{t();@x;return @e}", "(a,b)=>{t();@x;return @e}", "(a,b)=>{t();@x;return @e}", "function(a,b){t();@x;return @e}", "function(){t();@x;return this}", "(a,b,c)=>{t();@x;return c}", "f0", "f1", "()=>{throw @e}",
    "(a,b)=>{t();@x;return a<b?-1:a>b?1:0}", "(a,b)=>[a,b]", "(...q)=>{t();@x;return q}", "async(a)=>{t();@x;return @e}", "function*(a){t();@gbody}", "a=>{t();@x;return a}", "()=>{t();@x;return @num}", "(a,b)=>{t();o(a);return b}", "o", "({a,b=@e},[c,d]=@it)=>{t();@x;return[a,b,c,d]}",
    "function(a,b){t();arguments[0]=@e;@x;return [a,arguments]}", "()=>{t();@x;return @ires}", "()=>{t();@x;return @str}", "()=>{detach(b0);return @e}", "(a,b)=>{t();a0.length=0;return b}", "(a,b)=>{t();a0.push(@e,@e);return a}"),
/* Computed names in a class are strict code, which the engine takes for code of
 * the function around it. */
RULE("cls", "class{}", "c0", "class{constructor(a){t();@x;this.a=a}}", "class extends (@fn){constructor(...q){@x;super(...q);@x}}", "class extends (@fn){constructor(){t();@x;return @e}}", "class extends (@fn){}", "class extends null{}",
    "class{static [Symbol.hasInstance](a){t();@x;return @e}}", "class{#a=@e;get a(){t();@x;return this.#a}set a(v){this.#a=v;@x}static t(q){return #a in q}}", "class A{static a=@e;static{t();@x;this.b=@e}static c=()=>this.a}", "~class{[@key]=@e;static [@key](){t();@x;return @e}}", "class{[k0]=@e;static [k0](){t();@x;return @e}}",
    "class extends (@fn){a=super.a;b=@e;#c=(t(),this.b);d(){return super.d?.(@e)}}", "class{static async*a(){t();@ybody}*[Symbol.iterator](){t();@gbody}}", "class{accessor=1;get=2;static=3;async=4;'a'=5;1=6}"),
RULE("clsbody",
    "class C{}", "class C{a=@e;#b=@e;c(){t();return this.#b}static h(q){t();@x;return @e}}", "class B{constructor(q){return q}}class C extends B{#p=@e;static h(q){t();@x;q.#p=@e;return q.#p}}", "class C{#m(){t();@x;return @e}static h(q){return new C().#m()}get #g(){@x;return 1}static i=q=>q.#g}",
    "class C{static #s=@e;static h(q){t();@x;C.#s+=@ev;return C.#s++}}", "class C extends (@fn){a=(()=>{t();@x;return this})();constructor(...q){let f=()=>super(...q);@x;f();@x}static h(q){return #x in q}#x=1}", "~class C{[(@xe,@key)]=@e;static [(@xe,@key)]=@e;static h(){t();@x;return super.toString()}}", "class C{[k0]=@e;static h(){t();@x;return super.toString()}}",
    "class C{static async h(){t();for await(let q of @ait){@x}}}", "~class C{get [@key](){t();@x;return @e}set [@key](v){t();@x}}", "class C{get [k0](){t();@x;return @e}set [k0](v){t();@x}}"),
RULE("it",
    "[1,2,3]", "@arr", "@arr", "g0", "g1", "g(@e)", "m0", "e0", "s0", "@str", "t0", "@ta", "a0.@iters()", "m0.@iters()", "e0.@iters()", "t1.@iters()", "@map", "@set", "s0.matchAll(@re)", "x0",
    "{[Symbol.iterator](){t();@x;return{next(){t();@x;return @ires},return(v){t();@x;return @ires}}}}", "{[Symbol.iterator](){var i=0;return{next(){t();@x;return{value:i,done:i++>3}},return(){t();@x;return {}}}}}", "{*[Symbol.iterator](){t();@gbody}}", "(function*(){t();@gbody})()", "{get [Symbol.iterator](){t();@x;return @cb}}", "{[Symbol.iterator]:@cb}", "{__proto__:[][Symbol.iterator]().__proto__}",
    "{[Symbol.iterator](){var i=0;return{get next(){t();@x;return()=>({get value(){t();@x;return @e},get done(){t();@x;return i++>2}})},get return(){t();@x;return @cb}}}}"),
RULE("ait", "[1,2]", "y0", "y1", "y(@e)", "~@it", "~@it", "[@e,@e]", "a0", "m0", "s0", "[@prom,@then]", "{[Symbol.asyncIterator](){t();@x;var i=0;return{next(){t();@x;return i++>2?{done:true}:@e},return(v){t();@x;return @prom}}}}", "(async function*(){t();@ybody})()", "{[Symbol.asyncIterator]:@cb}"),
/* What an async generator hands on to. Engines don't agree what its throw() does
 * with an iterator that has none. */
RULE("aiy", "y0", "y1", "y(@e)", "~@ait", "(async function*(){t();@ybody})()", "{[Symbol.asyncIterator](){t();@x;var i=0;return{next(){t();@x;return i++>2?{done:true}:@e},return(v){t();@x;return @prom},throw(v){t();@x;return @prom}}}}"),
RULE("ires", "{value:1,done:N%4==0}", "{value:@e,done:N%3==0}", "{done:true,value:@e}", "{get value(){t();@x;return @e},get done(){t();@x;return N%5==0}}", "@e", "{}", "@any"),
RULE("prom", "Promise.resolve(1)", "p0", "Promise.resolve(@e)", "Promise.reject(@e)", "new Promise((a,b)=>{t();@x;a(@e)})", "new Promise(@cb)", "h(@e)", "p0.then(@cb)", "p0.finally(@cb)", "Promise.@pcomb(@it)", "(async()=>{t();@hbody})()", "y0.next(@e)"),
RULE("then", "{then(a,b){t();a(1)}}", "{then(a,b){t();@x;a(@e)}}", "{get then(){t();@x;return @cb}}", "{then(a,b){t();@x;b(@e);a(@e)}}", "{then(a){t();y0.return(@e);@x;a(@e)}}", "{get then(){t();y0.@ygm(@e);@x;return (a,b)=>{t();@x;a(@e)}}}", "{then:@cb}", "@prom", "{get constructor(){t();@x;return Promise},__proto__:Promise.prototype}"),
RULE("prx", "new Proxy({},{})", "x0", "x1", "new Proxy(@any,@handler)", "new Proxy(@any,@handler)", "new Proxy(@e,@handler)", "new Proxy(a0,@handler)", "new Proxy(f0,@handler)", "(q=>(q.revoke(),q.proxy))(Proxy.revocable(@any,{}))", "new Proxy(@prx,@handler)"),
RULE("handler",
    "{}", "{get(a,b,c){t();@x;return Reflect.get(a,b,c)}}", "{get(a,b,c){t();@x;return @e}}", "{set(a,b,v,c){t();@x;return Reflect.set(a,b,v,c)}}", "{has(a,b){t();@x;return @e}}", "{ownKeys(a){t();@x;return @keys}}", "{ownKeys(a){t();@x;return Reflect.ownKeys(a)},getOwnPropertyDescriptor(a,b){t();@x;return @desc}}", "{getPrototypeOf(){t();@x;return @any}}", "{defineProperty(a,b,c){t();@x;return Reflect.defineProperty(a,b,c)}}",
    "{deleteProperty(a,b){t();@x;return delete a[b]}}", "{apply(a,b,c){t();@x;return @e},construct(a,b,c){t();@x;return @obj}}", "{isExtensible(a){t();@x;return @e},preventExtensions(a){t();@x;return @e}}", "new Proxy({},{get(a,b){t();@x;return @cb}})", "{get getOwnPropertyDescriptor(){t();@x;return @cb}}", "{setPrototypeOf(a,b){t();@x;return @e}}", "{getOwnPropertyDescriptor(a,b){t();@x;return @desc}}", "{[@trap]:@cb,[@trap]:@cb}"),
RULE("trap", "'get'", "'set'", "'has'", "'ownKeys'", "'apply'", "'construct'", "'getPrototypeOf'", "'setPrototypeOf'", "'defineProperty'", "'deleteProperty'", "'isExtensible'", "'preventExtensions'", "'getOwnPropertyDescriptor'"),
RULE("json", "'[1,2,{\"a\":3}]'", "'{\"a\":1,\"b\":[1,2,3],\"c\":{\"d\":null}}'", "'[1'", "'{\"__proto__\":1,\"0\":2}'", "JSON.stringify(@any)", "'\"\\\\u0041\\\\n\"'", "'1e5'", "' [ ] '", "@str", "'{\"a\":1,\"a\":2}'", "'[[[[1]]],-0,1.5e300]'", "'\"\\\\ud800\"'"),
RULE("code", "'a0'", "'n0++'", "'var q=1;q'", "'(function(){return this})()'", "'[1,2'", "'let q=1;q'", "'arguments'", "'new.target'", "'o0.a'", "'1;2'", "'if(1){3}'", "'do{4}while(0)'", "'try{5}finally{6}'", "'`${n0}`'", "'/(a)/.exec(s0)'", "'super.a'", "'yield 1'", "'await 1'", "'@num'", "'@big'", "'a:{7;break a}'", "@str"),
RULE("tag", "String.raw", "(q=>q.raw)", "f0", "((q,...r)=>{t();@x;return[q,q.raw,r]})", "@fn", "o0.a"),
WORDS("capply", "call apply bind"),
RULE("args", "@e", "", "@e,@e", "@e,@e,@e", "...@it", "@ev,@ev", "@i,@i"),

/* ---- calls ---- */

RULE("call",
    "a0.@arrm(@e)", "~a0.sort()", "~@arr.toSorted()", "a0.map(String).sort()", "@arr.map(String).toSorted((a,b)=>a<b?1:a>b?-1:0)", "t0.sort()", "@ta.toSorted((a,b)=>a<b?1:a>b?-1:0)", "~a0.sort((a,b)=>{t();@x;return 0})", "~@any.sort(@cb)", "~@any.toSorted(@cb)", "~Array.prototype.@sortm.call(@any,@cb)", "~@any.toLocaleString()", "~Object.groupBy(@it,@cb)",
    "a0.@arrm(@e)", "@arr.@arrm(@args)", "a0.@arrm(@i,@i,@e)", "@arr.@arrcb(@cb,@e)", "a1.@arrm(@e,@e)", "Array.prototype.@arrm.call(@any,@args)", "Array.prototype.@arrm.call(@obj,@i,@i,@i)", "Array.prototype.@arrcb.call(@any,@cb,@e)",
    "t0.@tam(@e)", "@ta.@tam(@i,@i,@i)", "t1.@tacb(@cb,@e)", "t0.@tam(@ev,@ev,@ev)", "t0.set(@any,@i)", "t1.set(@obj,@i)", "t0.fill(@e,@i,@i)", "t0.with(@i,@e)", "t0.copyWithin(@i,@i,@i)", "t0.@taspecies(@i,@i)", "t0.@tasearch(@e,@i)", "t1.join(@e)",
    "@str.@strm(@e,@e)", "s0.@strm(@args)", "String.prototype.@strm.call(@any,@args)", "s0.@strre(@re,@e)", "@str.replace(@e,@cb)", "s0.split(@e,@i)",
    "r0.exec(@e)", "r0.test(@e)", "@re.exec(@str)", "@re[Symbol.@resym](@e,@e)", "RegExp.prototype[Symbol.@resym].call(@any,@e,@e)",
    "m0.@mapm(@e,@e)", "e0.@setm(@e)", "@map.@mapm(@e,@e)", "Map.prototype.@mapm.call(@any,@e,@e)",
    "Object.@objm(@any,@e)", "Object.@objm(@e,@e,@e)", "Object.defineProperty(@any,@key,@desc)", "Reflect.@refm(@any,@key,@e,@any)", "Reflect.construct(@fn,@arr,@fn)", "Reflect.apply(@fn,@e,@arr)", "Reflect.defineProperty(@any,@key,@desc)", "Object.prototype.@objpm.call(@e,@key,@cb)",
    "@fn(@args)", "new (@fn)(@args)", "@fn.call(@args)", "@fn.apply(@e,@any)", "@any.@prop(@args)", "@any[@key](@args)", "~Function.prototype.toString.call(@any)",
    "Math.@math(@e,@e)", "~Math.hypot(@e,@e)", "Number.@numm(@e)", "(@num).@numfmt(@i)", "~(@num).toString(@i)", "Number.prototype.@numfmt.call(@any,@i)", "~Number.prototype.toString.call(@any,@i)", "BigInt.@bigm(@i,@e)", "(@big).toString(@i)", "BigInt(@e)", "Number(@big)", "parseInt(@e,@i)", "parseFloat(@e)",
    "u0.@dateg()", "u0.@dates(@i,@i,@i,@i)", "Date.UTC(@args)", "Date.parse(@e)", "@date.@dateg()", "Date.prototype.@dateg.call(@any)", "u0[Symbol.toPrimitive](@e)",
    "g0.@gm(@e)", "g1.@gm(@e)", "y0.@ygm(@e)", "a0.@iters().next()", "m0.@iters().next()", "d0.@dvg(@i,@e)", "d0.@dvs(@i,@e,@e)", "new DataView(@buf,@i,@i).@dvg(@i)", "b0.slice(@i,@i)", "@buf.slice(@i,@i)", "ArrayBuffer.isView(@any)",
    "JSON.stringify(@e,@e,@e)", "JSON.parse(@e,@cb)", "Symbol.@symm(@e)", "String.@strs(@args)", "@uri(@e)", "Array.@arrs(@any,@cb)", "@ctor.@tas(@any,@cb)", "Promise.@pcomb(@it)", "Promise.resolve(@e)", "w0.@weakm(@any,@e)", "w1.add(@any)", "Symbol(@e).description",
    "~@host", "~@host", "~@weak", "~Atomics.@atom(@ta,@i,@e,@e)", "isNaN(@e)", "new (@cls)(@args)", "(@cls).@prop", "Object.getOwnPropertyDescriptor(@holder,@key)", "@proto", "@proto.call(@any,@args)", "@proto.apply(@any,@any)"),
WORDS("arrm", "splice slice concat indexOf lastIndexOf includes push pop shift unshift reverse fill copyWithin flat join at with toReversed toSpliced keys values entries toString"),
WORDS("sortm", "sort toSorted"),
WORDS("arrcb", "map filter forEach some every reduce reduceRight find findIndex findLast findLastIndex flatMap"),
WORDS("arrspecies", "slice splice concat map filter flat flatMap"),
WORDS("arrs", "from of isArray from"),
WORDS("tam", "set slice subarray fill copyWithin indexOf lastIndexOf includes join reverse at with toReversed keys values entries toString"),
WORDS("tacb", "map filter forEach some every reduce reduceRight find findIndex findLast findLastIndex"),
WORDS("taspecies", "slice subarray map filter"),
WORDS("tasearch", "lastIndexOf indexOf includes"),
WORDS("tas", "from of"),
WORDS("iters", "values keys entries"),
WORDS("gm", "next return throw"),
WORDS("ygm", "next return throw return"),
WORDS("strm", "at charCodeAt charAt concat codePointAt isWellFormed toWellFormed indexOf lastIndexOf includes endsWith startsWith match matchAll search split substring substr slice repeat replace replaceAll padEnd padStart trim trimEnd trimStart toString valueOf toLowerCase toUpperCase anchor link normalize"),
WORDS("strre", "match matchAll search split replace replaceAll"),
WORDS("strs", "fromCharCode fromCodePoint raw"),
WORDS("resym", "replace match matchAll search split"),
WORDS("mapm", "set get has delete clear forEach values keys entries"),
WORDS("setm", "add has delete clear forEach values keys entries"),
WORDS("weakm", "set get has delete"),
WORDS("objm", "keys values entries assign freeze seal isFrozen isSealed getOwnPropertyNames getOwnPropertySymbols getOwnPropertyDescriptors getOwnPropertyDescriptor getPrototypeOf setPrototypeOf create defineProperties fromEntries hasOwn is isExtensible preventExtensions"),
WORDS("objpm", "toString valueOf hasOwnProperty isPrototypeOf propertyIsEnumerable __defineGetter__ __defineSetter__ __lookupGetter__ __lookupSetter__ toLocaleString"),
WORDS("refm", "get set has deleteProperty ownKeys getPrototypeOf setPrototypeOf isExtensible preventExtensions getOwnPropertyDescriptor apply construct defineProperty"),
WORDS("math", "min max abs floor ceil round sqrt trunc sign fround imul clz32"),
WORDS("numm", "isInteger isSafeInteger isNaN isFinite parseFloat parseInt"),
WORDS("numfmt", "toFixed toPrecision toExponential"),
WORDS("bigm", "asIntN asUintN"),
WORDS("symm", "for keyFor"),
WORDS("uri", "encodeURIComponent decodeURIComponent encodeURI decodeURI escape unescape"),
WORDS("pcomb", "all allSettled any race"),
WORDS("dateg", "getTime toISOString toJSON getFullYear getUTCFullYear getMonth getUTCDate getDay getUTCHours getMilliseconds valueOf toUTCString"),
WORDS("dates", "setTime setMilliseconds setSeconds setUTCMinutes setHours setUTCHours setDate setMonth setUTCMonth setFullYear setUTCFullYear"),
WORDS("dvg", "getInt8 getUint8 getInt16 getUint16 getInt32 getUint32 getBigInt64 getBigUint64 getFloat32 getFloat64"),
WORDS("dvs", "setInt8 setUint8 setInt16 setUint16 setInt32 setUint32 setBigInt64 setBigUint64 setFloat32 setFloat64"),
WORDS("atom", "add and compareExchange exchange isLockFree load notify or store sub wait xor"),
RULE("holder", "Array.prototype", "Object.prototype", "String.prototype", "RegExp.prototype", "Promise.prototype", "Map.prototype", "Set.prototype", "Uint8Array.prototype", "Uint8Array.prototype.__proto__", "Function.prototype", "[][Symbol.iterator]().__proto__", "g0.__proto__.__proto__.__proto__", "y0.__proto__.__proto__", "ArrayBuffer.prototype", "Number.prototype", "Symbol.prototype", "BigInt.prototype", "Date.prototype", "Error.prototype", "globalThis"),
RULE("proto", "Array.prototype[Symbol.iterator]", "@holder[@key]", "Array.prototype.@arrm", "[][Symbol.iterator]().__proto__.next", "RegExp.prototype.exec", "Promise.prototype.then", "Promise.resolve", "RegExp.prototype.flags", "Map.prototype.set", "Set.prototype.add", "String.prototype.@strm", "Uint8Array.prototype.__proto__.@tam", "Object.prototype.@objpm", "Array[Symbol.species]", "Symbol.prototype[Symbol.toPrimitive]", "Function.prototype[Symbol.hasInstance]", "g0.__proto__.next", "BigInt.prototype.toString", "Array.from", "JSON.parse"),
RULE("weak", "w0.set({},o0)", "w0.set(@any,@any)", "w0.get(@any)", "w0.delete(@any)", "w1.add(@any)", "new WeakRef(@any).deref()", "new WeakRef({a:@e})", "new FinalizationRegistry(@cb)", "new FinalizationRegistry(@cb).register(@any,@e,@any)", "new FinalizationRegistry(@cb).unregister(@any)", "w0.set(Symbol('a'),@e)", "new WeakMap([[o0,w0],[a0,o0]])", "(q=>{for(let i=0;i<9;i++){let k={};q.set(k,[k]);new WeakRef(k)}})(w0)"),
/* isere's own globals. */
RULE("host", "atob('YQ==')", "atob(@e)", "btoa(@e)", "structuredClone(@e)", "structuredClone(@any,{transfer:@arr})", "new TextEncoder().encode(@e)", "new TextEncoder().encodeInto(@str,@ta)", "new TextDecoder(@str,@obj).decode(@e,@obj)", "new TextDecoder().decode(@ta)", "new URL(@e,@e)", "new URL('http://a/b?c=d#'+@str)", "new URLSearchParams(@any)", "new URLSearchParams(@e).@spm(@e,@e)", "console.log(@e,@e)", "console.log('%s %o %d',@e,@e,@e)", "setTimeout(@cb,@i,@e)", "setInterval(@cb,@i)", "clearTimeout(@e)", "queueMicrotask(@cb)", "crypto.getRandomValues(@ta)", "crypto.randomUUID()", "performance.now()", "Date.now()", "Math.random()", "new Date()", "new Error(@e,{cause:@e}).stack", "Error.captureStackTrace?.(@any)", "u0.toString()", "u0.toLocaleString()", "new URL('a:b').searchParams", "globalThis.@prop", "URL.parse(@e)", "globalThis[@key]=@e"),
WORDS("spm", "append delete get getAll has set sort toString forEach entries keys values"),
};

const size_t handlers_grammar_size =
    sizeof(handlers_grammar) / sizeof(*handlers_grammar);
