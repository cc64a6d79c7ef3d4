// memory: The name of what is compiled.
try { eval('throw new Error(1)') } catch (e) { e.stack + '' }
try { new Function('a', 'b', 'return a.b.c')(1) } catch (e) {}
