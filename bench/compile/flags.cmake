# How a user's build calls either compiler, whichever one this build uses: with the flags that
# tenon::tenon exports.
set(tenon_gnu_flags -std=c++20 ${tenon_loop_flags})
set(tenon_clang_flags ${tenon_gnu_flags} ${tenon_clang19_flags})
set(tenon_user_includes "$<TARGET_PROPERTY:tenon,INTERFACE_INCLUDE_DIRECTORIES>")
set(tenon_user_includes
  "-I$<JOIN:$<REMOVE_DUPLICATES:$<FILTER:${tenon_user_includes},EXCLUDE,^/usr/include$>>,;-I>")
