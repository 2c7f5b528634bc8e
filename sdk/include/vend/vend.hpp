#pragma once
// The whole library except the coalescer, which is a target of its own.

#include <vend/client.hpp>
#include <vend/error.hpp>
#include <vend/numeric.hpp>
#include <vend/options.hpp>
#include <vend/outcome.hpp>
#include <vend/pipeline.hpp>
#include <vend/pool.hpp>
#include <vend/request.hpp>
#include <vend/rows.hpp>
#include <vend/store_calls.hpp>
#include <vend/transaction.hpp>
#include <vend/uuid.hpp>
#include <vend/version.hpp>
