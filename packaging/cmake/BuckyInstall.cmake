# What an installation is made of, for `cmake --install` and for the Debian package (cpack).
set(CMAKE_INSTALL_DOCDIR share/doc/bucky)
include(GNUInstallDirs)

set(packed ${CMAKE_BINARY_DIR}/packaging)
configure_file(packaging/systemd/bucky.service.in ${packed}/bucky.service @ONLY)

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
    COMMAND gzip -9nc ${CMAKE_SOURCE_DIR}/packaging/debian/changelog > ${packed}/changelog.gz
    DEPENDS packaging/debian/changelog VERBATIM)

# What it is made of, with the versions that are really here: CycloneDX 1.5.
set(headers libboost1.81-dev libcli11-dev libtomlplusplus-dev nlohmann-json3-dev)
file(GLOB_RECURSE manifests CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/models/model.toml)
add_custom_command(OUTPUT ${packed}/bucky.cdx.json
    COMMAND python3 ${CMAKE_SOURCE_DIR}/packaging/sbom.py ${PROJECT_VERSION}
        ${CMAKE_SOURCE_DIR}/models --binaries $<TARGET_FILE:bucky> $<TARGET_FILE:bucky_torch>
        $<TARGET_FILE:bucky_tesseract>
        --headers ${headers} > ${packed}/bucky.cdx.json
    DEPENDS bucky bucky_torch bucky_tesseract packaging/sbom.py ${manifests} VERBATIM)
add_custom_target(manual_pages ALL
    DEPENDS ${printed} ${packed}/changelog.gz ${packed}/bucky.cdx.json)

install(TARGETS bucky RUNTIME)
install(TARGETS bucky_torch bucky_tesseract LIBRARY DESTINATION lib/bucky)  # as CMAKE_INSTALL_RPATH says
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
install(FILES README.md NOTICE packaging/debian/copyright ${packed}/changelog.gz
    ${packed}/bucky.cdx.json
    DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY packaging/examples packaging/prometheus packaging/grafana docs
    DESTINATION ${CMAKE_INSTALL_DOCDIR})

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME bucky)
set(CPACK_PACKAGE_CONTACT "The authors of Bucky <bucky@localhost>")
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
foreach(script postinst prerm postrm templates)
    list(APPEND CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA
        ${CMAKE_SOURCE_DIR}/packaging/debian/${script})
endforeach()
include(CPack)
