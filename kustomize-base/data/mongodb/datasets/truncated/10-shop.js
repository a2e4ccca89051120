db = db.getSiblingDB("app");
db.products.insertMany([
  { _id: 1, name: "Coffee mug", text: "Holds coffee.", tags: ["kitchen"] },
  { _id: 2, name: "Pencil", text: "Writes.", tags: ["office"] },
  { _id: 3, name: "Desk lamp", text: "Shines.", tags: ["office", "light"] },
]);
db.products.createIndex({ tags: 1 });
