# How the extension is compiled: the module, its bitcode, and the development build.

# No exceptions: an error of PostgreSQL is a longjmp. No thread-safe statics, no RTTI: the module
# needs libc and the server only. Hidden by default: entry points are exported one by one.
VEND_CXXFLAGS = -std=c++20 -fno-exceptions -fno-rtti -fno-threadsafe-statics \
	-fvisibility=hidden -fvisibility-inlines-hidden \
	-Wall -Wextra -Wshadow -Wimplicit-fallthrough -Wvla -Wnon-virtual-dtor -Woverloaded-virtual
