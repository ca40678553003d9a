#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A program that writes nothing, for errors.spec.ts.
exec sleep 1000
