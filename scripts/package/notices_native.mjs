// What is compiled into binaries and modules that a package carries, where no npm package tells of it. From the licence
// files of these projects; a grammar that is not listed stops the packaging.
/** @typedef {{ title: string, copyright: string[] }} Project */

/** @param {string} name @param {string[]} copyright @returns {Project} */
const grammar = (name, ...copyright) => ({
  title: `tree-sitter-${name}, the grammar: https://github.com/tree-sitter/tree-sitter-${name}`,
  copyright,
});
/** @param {number} year */
const brunsfeld = (year) => `Copyright (c) ${year} Max Brunsfeld`;
const typescript = grammar("typescript", brunsfeld(2017));

/**
 * Name of a grammar's module → its project; all are under the MIT licence.
 * @type {Readonly<Record<string, Project>>}
 */
export const GRAMMAR_NOTICES = {
  bash: grammar("bash", brunsfeld(2017)),
  "c-sharp": grammar(
    "c-sharp",
    "Copyright (c) 2014-2023 Max Brunsfeld, Damien Guard, Amaan Qureshi, and contributors",
  ),
  cpp: grammar("cpp", brunsfeld(2014)),
  css: grammar("css", brunsfeld(2018)),
  go: grammar("go", brunsfeld(2014)),
  java: grammar("java", "Copyright (c) 2017 Ayman Nadeem"),
  javascript: grammar("javascript", brunsfeld(2014)),
  php: grammar(
    "php",
    "Copyright (c) 2017 Josh Vera, GitHub",
    "Copyright (c) 2019 Max Brunsfeld, Amaan Qureshi, Christian Frøystad, Caleb White",
  ),
  python: grammar("python", brunsfeld(2016)),
  ruby: grammar("ruby", "Copyright (c) 2016 Rob Rix"),
  rust: grammar("rust", "Copyright (c) 2017 Maxim Sokolov"),
  tsx: typescript,
  typescript,
};

export const TREE_SITTER = {
  title: "Tree-sitter, the parser: https://github.com/tree-sitter/tree-sitter",
  copyright: ["Copyright (c) 2018-2024 Max Brunsfeld"],
};

/** In Dawn's binary, beside Dawn and Tint themselves, whose licence the npm package has. */
export const DAWN_PARTS = {
  mit: [
    {
      title: "node-addon-api: https://github.com/nodejs/node-addon-api",
      copyright: ["Copyright (c) 2017 Node.js API collaborators"],
    },
    {
      title: "SPIRV-Headers: https://github.com/KhronosGroup/SPIRV-Headers",
      copyright: [
        "Copyright (c) 2015-2024 The Khronos Group Inc.",
        "MODIFICATIONS TO THIS FILE MAY MEAN IT NO LONGER ACCURATELY REFLECTS KHRONOS STANDARDS. THE UNMODIFIED, NORMATIVE",
        "VERSIONS OF KHRONOS SPECIFICATIONS AND HEADER INFORMATION ARE LOCATED AT https://www.khronos.org/registry/",
      ],
    },
  ],
  apache: [
    { title: "Abseil: https://abseil.io", copyright: ["Copyright The Abseil Authors"] },
    {
      title: "SPIRV-Tools: https://github.com/KhronosGroup/SPIRV-Tools",
      copyright: ["Copyright (c) 2015-2024 The Khronos Group Inc."],
    },
    {
      title: "Vulkan-Headers: https://github.com/KhronosGroup/Vulkan-Headers",
      copyright: ["Copyright 2015-2025 The Khronos Group Inc."],
    },
  ],
};

export const D3D_COMPILER =
  "d3dcompiler_47.dll\n\nCopyright (c) Microsoft Corporation. Redistributed unmodified under the terms of the Windows SDK.";

export const MIT = `The MIT License

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
documentation files (the "Software"), to deal in the Software without restriction, including without limitation the
rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit
persons to whom the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the
Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR
OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.`;
