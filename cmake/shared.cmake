# What the two builds share has its home in files that make reads; CMake reads them too.

# read_flags(FILE NAME): NAME becomes the words that the make variable NAME has in FILE, the only one there.
function(read_flags file name)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
  file(READ ${file} text)
  string(REPLACE "\\\n" " " text "\n${text}")
  if(NOT text MATCHES "\n${name} *=([^\n]*)")
    message(FATAL_ERROR "${file} does not set ${name}")
  endif()
  separate_arguments(words UNIX_COMMAND "${CMAKE_MATCH_1}")
  set(${name} ${words} PARENT_SCOPE)
endfunction()

# read_control_version(FILE NAME): NAME becomes the version that the control file FILE names.
function(read_control_version file name)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
  file(STRINGS ${file} line REGEX "^default_version")
  string(REGEX REPLACE ".*'(.*)'.*" "\\1" version "${line}")
  set(${name} ${version} PARENT_SCOPE)
endfunction()
