# bucky_library(NAME SOURCES ... PUBLIC ... PRIVATE ...): one folder, one static library.
# Every edge of the house's graph is a target_link_libraries line; third-party ones stay PRIVATE.

# Off for who only builds a release: another compiler, library or optimisation warns of more.
option(BUCKY_WERROR "A warning is an error" OFF)

add_library(bucky_flags INTERFACE)
target_compile_options(bucky_flags INTERFACE
    -Wall -Wextra -Wswitch -Wshadow -Wconversion $<$<BOOL:${BUCKY_WERROR}>:-Werror>)
target_include_directories(bucky_flags INTERFACE ${CMAKE_SOURCE_DIR})

function(bucky_library name)
    cmake_parse_arguments(ARG "" "" "SOURCES;PUBLIC;PRIVATE" ${ARGN})
    add_library(${name} STATIC ${ARG_SOURCES})
    target_link_libraries(${name} PUBLIC ${ARG_PUBLIC} PRIVATE bucky_flags ${ARG_PRIVATE})
    target_include_directories(${name} PUBLIC ${CMAKE_SOURCE_DIR})
endfunction()
