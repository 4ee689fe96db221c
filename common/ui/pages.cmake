# tongke_pages(SITE): the library SITE_ui, which carries the bundled pages of
# SITE/ui. scripts/build-pages.mjs says what it made them from, so a page is
# bundled again exactly when one of its sources changed. flock: two builds of
# one checkout must not install npm packages at the same time.
find_program(TONGKE_NODE NAMES node nodejs REQUIRED)

function(tongke_pages site)
  set(out "${CMAKE_BINARY_DIR}/ui/${site}")
  add_custom_command(
    OUTPUT "${out}/assets.cpp"
    COMMAND ${CMAKE_COMMAND} -E make_directory "${out}"
    COMMAND flock "${CMAKE_SOURCE_DIR}/package-lock.json"
            "${TONGKE_NODE}" "${CMAKE_SOURCE_DIR}/scripts/build-pages.mjs"
            --site ${site} --out "${out}" --depfile "${out}/assets.d"
    DEPENDS "${CMAKE_SOURCE_DIR}/scripts/build-pages.mjs" "${CMAKE_SOURCE_DIR}/package-lock.json"
    DEPFILE "${out}/assets.d"
    WORKING_DIRECTORY "${CMAKE_SOURCE_DIR}"
    COMMENT "bundling the pages of the ${site}"
    VERBATIM)
  tongke_library(${site}_ui LINK common_ui SOURCES "${out}/assets.cpp")
endfunction()
