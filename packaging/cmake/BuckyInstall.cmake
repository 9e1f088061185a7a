# What an installation is made of, for `cmake --install` and for the Debian package (cpack).
set(CMAKE_INSTALL_DOCDIR share/doc/bucky)
include(GNUInstallDirs)

set(packed ${CMAKE_BINARY_DIR}/packaging)
configure_file(packaging/systemd/bucky.service.in ${packed}/bucky.service @ONLY)

# Who answers for a package is who builds it.
if(DEFINED ENV{DEBEMAIL})
    set(maintainer "$ENV{DEBFULLNAME} <$ENV{DEBEMAIL}>")
else()
    set(maintainer "The authors of Bucky <bucky@localhost>")
endif()
set(BUCKY_MAINTAINER "${maintainer}" CACHE STRING
    "Name <address> in the package, which SECURITY.md sends reports to; by default of DEBFULLNAME and DEBEMAIL")
set(BUCKY_HOMEPAGE "" CACHE STRING "URL in the package; empty: none")
configure_file(packaging/debian/changelog ${packed}/changelog @ONLY)

# Printed by the program, so that they say what it does.
set(printed)
foreach(page bucky.1 bucky.toml.5)
    add_custom_command(OUTPUT ${packed}/${page}.gz
        COMMAND bucky manual ${page} > ${packed}/${page}
        COMMAND gzip -9nf ${packed}/${page}
        DEPENDS bucky VERBATIM)
    list(APPEND printed ${packed}/${page}.gz)
endforeach()
foreach(shell bash zsh fish)
    add_custom_command(OUTPUT ${packed}/${shell}-completion
        COMMAND bucky manual ${shell}-completion > ${packed}/${shell}-completion
        DEPENDS bucky VERBATIM)
    list(APPEND printed ${packed}/${shell}-completion)
endforeach()
add_custom_command(OUTPUT ${packed}/changelog.gz
    COMMAND gzip -9nc ${packed}/changelog > ${packed}/changelog.gz
    DEPENDS ${packed}/changelog VERBATIM)

# What it is made of, with the versions that are really here: CycloneDX 1.5.
set(headers libboost1.81-dev libcli11-dev libtomlplusplus-dev nlohmann-json3-dev)
add_custom_target(manual_pages ALL DEPENDS ${printed} ${packed}/changelog.gz)

install(TARGETS bucky RUNTIME)
install(TARGETS bucky_torch bucky_tesseract LIBRARY DESTINATION lib/bucky)  # as CMAKE_INSTALL_RPATH says
# Of the files as they are installed: with another RUNPATH than in the build, and stripped.
string(REPLACE ";" " " headers "${headers}")
install(CODE "
    set(bucky_root \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}\")
    set(bucky_doc \"\${bucky_root}/${CMAKE_INSTALL_DOCDIR}\")
    file(MAKE_DIRECTORY \"\${bucky_doc}\")
    execute_process(COMMAND python3 \"${CMAKE_SOURCE_DIR}/packaging/sbom.py\" ${PROJECT_VERSION}
        \"${CMAKE_SOURCE_DIR}/models\" --binaries \"\${bucky_root}/bin/bucky\"
        \"\${bucky_root}/lib/bucky/bucky_torch.so\" \"\${bucky_root}/lib/bucky/bucky_tesseract.so\"
        --headers ${headers} --data tesseract-ocr-eng tesseract-ocr-kor
        OUTPUT_FILE \"\${bucky_doc}/bucky.cdx.json\" COMMAND_ERROR_IS_FATAL ANY)")
install(DIRECTORY models/ DESTINATION ${CMAKE_INSTALL_DATADIR}/bucky/models)
install(FILES ${packed}/bucky.1.gz DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES ${packed}/bucky.toml.5.gz DESTINATION ${CMAKE_INSTALL_MANDIR}/man5)
install(FILES ${packed}/bash-completion RENAME bucky
    DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
install(FILES ${packed}/zsh-completion RENAME _bucky
    DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions)
install(FILES ${packed}/fish-completion RENAME bucky.fish
    DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
install(FILES ${packed}/bucky.service DESTINATION lib/systemd/system)
install(FILES packaging/systemd/bucky.sysusers RENAME bucky.conf DESTINATION lib/sysusers.d)
# The first /etc/bucky/bucky.toml is a copy of this one, made by postinst (docs/decisions/0709).
install(FILES packaging/debian/bucky.toml DESTINATION ${CMAKE_INSTALL_DATADIR}/bucky)
install(FILES conf/bucky.toml DESTINATION ${CMAKE_INSTALL_DOCDIR}/examples)
install(FILES README.md SECURITY.md NOTICE packaging/debian/copyright ${packed}/changelog.gz
    DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(FILES packaging/debian/lintian-overrides RENAME bucky
    DESTINATION ${CMAKE_INSTALL_DATADIR}/lintian/overrides)
install(DIRECTORY packaging/examples packaging/prometheus packaging/grafana docs
    DESTINATION ${CMAKE_INSTALL_DOCDIR})

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME bucky)
set(CPACK_PACKAGE_CONTACT "${BUCKY_MAINTAINER}")
set(CPACK_DEBIAN_PACKAGE_HOMEPAGE "${BUCKY_HOMEPAGE}")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "AI modality that gives every chest X-ray a second look")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
"X-ray devices and PACS push images to it over C-STORE; a model reads them;
the findings go back as a DICOM Structured Report and as a picture. It
assists; it is not a reading. The models that come with it are for
demonstration and research, and not for any patient.")
set(CPACK_STRIP_FILES ON)
set(CPACK_SET_DESTDIR ON)
set(CPACK_INSTALL_PREFIX ${CMAKE_INSTALL_PREFIX})
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_COMPRESSION_TYPE gzip)
set(CPACK_DEBIAN_PACKAGE_SECTION science)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "debconf, fonts-dejavu-core, fonts-nanum, tesseract-ocr-eng, tesseract-ocr-kor, \
systemd | systemd-standalone-sysusers | systemd-sysusers")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
foreach(script config postinst prerm postrm templates)
    list(APPEND CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA
        ${CMAKE_SOURCE_DIR}/packaging/debian/${script})
endforeach()
include(CPack)
