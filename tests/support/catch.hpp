// The one place that includes Catch2, so that moving from 2.13 to 3 is a
// one-line change.
#pragma once
#include <catch2/catch.hpp>
