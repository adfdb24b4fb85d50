# What is installed, and the Debian package of it (scripts/package). The maintainer scripts are in config/debian.
include(GNUInstallDirs)
set(debian "${PROJECT_SOURCE_DIR}/config/debian")
set(made "${PROJECT_BINARY_DIR}/package")
set(share "${CMAKE_INSTALL_DATADIR}/cardstock")
set(maintainer "The Cardstock maintainers <cardstock@example.org>")

# gzip without name and time, so that the same text gives the same bytes.
function(cardstock_packed out text)
  add_custom_command(OUTPUT "${made}/${out}" COMMAND sh -c "gzip -9nc \"$1\" > \"$2\"" sh "${text}" "${made}/${out}"
    DEPENDS "${text}" VERBATIM)
  set_property(GLOBAL APPEND PROPERTY CARDSTOCK_PACKED "${made}/${out}")
endfunction()

set(pages cardstock.1 cardstock-threatconnect.1 cardstock.toml.5 cardstock.8)
list(TRANSFORM pages PREPEND "${made}/" OUTPUT_VARIABLE page_files)
add_custom_command(
  OUTPUT ${page_files}
  COMMAND ${CMAKE_COMMAND} -D "CARDSTOCK=$<TARGET_FILE:cardstock>" -D "SIMULATOR=$<TARGET_FILE:cardstock-threatconnect>"
    -D "CONFIG=${PROJECT_SOURCE_DIR}/config/cardstock.example.toml" -D "VERSION=${PROJECT_VERSION}" -D "FOLDER=${made}"
    -P "${PROJECT_SOURCE_DIR}/cmake/man_pages.cmake"
  DEPENDS cardstock cardstock-threatconnect "${PROJECT_SOURCE_DIR}/config/cardstock.example.toml"
    "${PROJECT_SOURCE_DIR}/cmake/man_pages.cmake"
  VERBATIM)
foreach(page IN LISTS pages)
  cardstock_packed(${page}.gz "${made}/${page}")
endforeach()
cardstock_packed(changelog.gz "${PROJECT_SOURCE_DIR}/CHANGELOG.md")
string(TIMESTAMP now "%a, %d %b %Y %H:%M:%S +0000" UTC)  # SOURCE_DATE_EPOCH, where it is set
file(CONFIGURE OUTPUT "${made}/changelog.Debian" @ONLY CONTENT "cardstock (@PROJECT_VERSION@-1) stable; urgency=medium

  * What changed stands in changelog.gz.

 -- @maintainer@  @now@
")
cardstock_packed(changelog.Debian.gz "${made}/changelog.Debian")
get_property(packed GLOBAL PROPERTY CARDSTOCK_PACKED)
add_custom_target(package_files DEPENDS ${packed})

install(TARGETS cardstock cardstock-threatconnect)
install(FILES "${made}/cardstock.1.gz" "${made}/cardstock-threatconnect.1.gz" DESTINATION "${CMAKE_INSTALL_MANDIR}/man1")
install(FILES "${made}/cardstock.toml.5.gz" DESTINATION "${CMAKE_INSTALL_MANDIR}/man5")
install(FILES "${made}/cardstock.8.gz" DESTINATION "${CMAKE_INSTALL_MANDIR}/man8")
install(FILES "${PROJECT_SOURCE_DIR}/config/cardstock.example.toml" DESTINATION /etc/cardstock RENAME cardstock.toml)
install(FILES "${debian}/cardstock.service" DESTINATION /lib/systemd/system)
install(FILES "${debian}/bash-completion" DESTINATION "${CMAKE_INSTALL_DATADIR}/bash-completion/completions" RENAME cardstock)
install(FILES "${debian}/zsh-completion" DESTINATION "${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions" RENAME _cardstock)
install(DIRECTORY "${PROJECT_SOURCE_DIR}/config/simulator" DESTINATION "${share}")
install(DIRECTORY "${PROJECT_SOURCE_DIR}/config/extension" "${PROJECT_SOURCE_DIR}/config/grafana"
  "${PROJECT_SOURCE_DIR}/config/prometheus" DESTINATION "${share}/config")
install(PROGRAMS "${PROJECT_SOURCE_DIR}/scripts/package-extension" "${PROJECT_SOURCE_DIR}/scripts/prewarm"
  DESTINATION "${share}/scripts")
install(FILES "${PROJECT_SOURCE_DIR}/scripts/extension_logos.py" DESTINATION "${share}/scripts")
install(DIRECTORY "${PROJECT_SOURCE_DIR}/docs/" DESTINATION "${CMAKE_INSTALL_DOCDIR}")
install(FILES "${PROJECT_SOURCE_DIR}/README.md" "${made}/changelog.gz" "${made}/changelog.Debian.gz" "${debian}/copyright"
  DESTINATION "${CMAKE_INSTALL_DOCDIR}")

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME cardstock)
set(CPACK_PACKAGE_CONTACT "${maintainer}")
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "caching ThreatConnect enrichment proxy for Recorded Future")
set(CPACK_PACKAGE_VENDOR "The Cardstock maintainers")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION "Answers Recorded Future Intelligence Card Extensions with what ThreatConnect
holds on an indicator, from a persistent cache of normalized records, and
refreshes misses through a rate-limited fetcher.")
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "adduser, ca-certificates")
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "python3, curl")  # scripts/package-extension, scripts/prewarm
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA "${debian}/conffiles" "${debian}/postinst" "${debian}/prerm" "${debian}/postrm")
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
  OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
include(CPack)
