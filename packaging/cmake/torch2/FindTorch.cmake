# LibTorch as PyPI's `torch` package brings it, in the folder BUCKY_TORCH_ROOT. Its own CMake config
# asks for the CUDA toolkit, because the package is a CUDA build; nothing of ours includes a CUDA
# header, so its libraries alone will do.
find_path(Torch_INCLUDE_DIR torch/script.h PATHS "${BUCKY_TORCH_ROOT}/include" NO_DEFAULT_PATH)
set(Torch_NEEDED torch torch_cpu c10)
set(Torch_LIBRARIES_FOUND)
foreach(library ${Torch_NEEDED})
    find_library(Torch_${library}_LIBRARY ${library} PATHS "${BUCKY_TORCH_ROOT}/lib" NO_DEFAULT_PATH)
    list(APPEND Torch_LIBRARIES_FOUND Torch_${library}_LIBRARY)
endforeach()
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(Torch REQUIRED_VARS Torch_INCLUDE_DIR ${Torch_LIBRARIES_FOUND})

if(Torch_FOUND AND NOT TARGET bucky_torch2)
    add_library(bucky_torch2 INTERFACE IMPORTED GLOBAL)
    # The package brings headers of an fmt of its own (12 in torch 2.15), and not its code. The fmt
    # that we link stands before it; /usr/include itself cannot.
    find_path(Torch_OUR_FMT fmt/format.h REQUIRED)
    file(MAKE_DIRECTORY "${CMAKE_BINARY_DIR}/torch2")
    file(CREATE_LINK "${Torch_OUR_FMT}/fmt" "${CMAKE_BINARY_DIR}/torch2/fmt" SYMBOLIC)
    target_include_directories(bucky_torch2 SYSTEM INTERFACE "${CMAKE_BINARY_DIR}/torch2")
    target_include_directories(bucky_torch2 SYSTEM INTERFACE "${Torch_INCLUDE_DIR}"
        "${Torch_INCLUDE_DIR}/torch/csrc/api/include")
    foreach(library ${Torch_NEEDED})
        target_link_libraries(bucky_torch2 INTERFACE "${Torch_${library}_LIBRARY}")
    endforeach()
    # A GPU's guard registers itself when its library is loaded; no symbol of ours would pull it in.
    foreach(library torch_cuda c10_cuda)
        find_library(Torch_${library}_LIBRARY ${library}
            PATHS "${BUCKY_TORCH_ROOT}/lib" NO_DEFAULT_PATH)
        if(Torch_${library}_LIBRARY)
            target_link_options(bucky_torch2 INTERFACE
                "LINKER:--push-state,--no-as-needed,${Torch_${library}_LIBRARY},--pop-state")
        endif()
    endforeach()
    # Libraries of libraries (nvidia's, in folders beside) are found at run time by their own rpath.
    target_link_options(bucky_torch2 INTERFACE "LINKER:--allow-shlib-undefined")
endif()
set(TORCH_LIBRARIES bucky_torch2)
