"use strict";

const place = document.getElementById("docs");

// A token typed in here stays in this page: it is not persisted. Without a validator nothing is sent anywhere else.
SwaggerUIBundle({
  url: place.dataset.document,
  domNode: place,
  deepLinking: true,
  persistAuthorization: false,
  validatorUrl: null,
});
